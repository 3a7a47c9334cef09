"""Commands about contracts, and about published settlements."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from accord import screens
from accord.cli.command import app, complain, out, say
from accord.errors import ExitCode
from accord.settlement import mssp
from accord.settlement.checking import check_contract, in_words

contract_commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(contract_commands, name="contract", help="Contracts between partners.")

prove_commands = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(prove_commands, name="prove", help="Published settlements, settled again from their rules.")


@contract_commands.command("check")
def contract_check(
    file: Annotated[Path, typer.Argument(help="The contract, a TOML file.")],
    directory: Annotated[
        Path | None, typer.Option("--place", "-p", help="The place's folder.", show_default="the one that has the file in contracts/")
    ] = None,
) -> None:
    """Tell every fault of a contract, or else what each of its clauses does, in the order in which they are settled."""
    checked = check_contract(file, directory)
    for fault in checked.faults:
        complain(str(fault))
    if checked.faults or checked.contract is None:
        raise typer.Exit(ExitCode.USER_ERROR)
    for line in in_words(checked.contract):
        say(line)
    if not checked.has_place:
        say("The file is in no place's contracts/, so its parties and the figures that it names were not looked for.")


@prove_commands.command("mssp")
def prove_mssp(
    files: Annotated[list[Path], typer.Argument(help="Results files of the Medicare Shared Savings Program, as CSV.")],
    year: Annotated[int | None, typer.Option(min=2012, max=2099, help="Their performance year.", show_default="as the file says")] = None,
) -> None:
    """Settle every ACO again from the program's rules, and hold it against what was published. Exit code 1 if a miss is unexplained."""
    proofs = mssp.prove(files, year)
    for proof in proofs:
        screens.print_proof(out, proof)
    if any(miss.cause is mssp.Cause.unexplained for proof in proofs for miss in proof.misses):
        raise typer.Exit(ExitCode.FOUND)
