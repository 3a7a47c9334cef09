"""Whose people are whose: attribution, attribution_attrition, and what their steps pass on."""

from __future__ import annotations

from accord.tables.codes import ATTRIBUTION_METHOD, ATTRIBUTION_REASON, ATTRIBUTION_STEP
from accord.tables.contract import Column, Table, bigint, day, flag, money, text

PROVIDER_CLASS_CODE = ("physician", "practitioner", "specialist")

_WHO = (
    bigint("person_id", "The person.", required=True),
    day("start_date", "First day of the year that it is about.", required=True),
    day("end_date", "First day after it.", required=True),
    text("method", "By which rule the place's people are told.", required=True, codes=ATTRIBUTION_METHOD),
)
_OWN = (
    text("own_organisation_id", "Whose the person is by our own rule, whatever a payer's list or the person says; NULL if nobody's."),
    text("own_step", "The step of our own rule that found it.", codes=ATTRIBUTION_STEP),
)
_MEASURED = (
    money("allowed_amount", "Allowed charges of qualifying care of the own organisation; NULL unless by plurality."),
    bigint("n_contact", "Days with qualifying care of it; NULL unless by plurality."),
    day("latest_date", "The last of them."),
    text("runner_up_id", "Who came next: by care, or another list or area of the same year; NULL if nobody."),
    money("runner_up_amount", "Allowed charges of qualifying care of who came next."),
    bigint("runner_up_n_contact", "Days with qualifying care of who came next."),
    flag("is_tie", "Whether the two are equal by the measure, so that the published order decided.", required=True),
)


def _found(is_required: bool) -> tuple[Column, ...]:
    return (
        text("organisation_id", "Whose the person is; 'unknown' where a list names no organisation.", required=is_required),
        text("step", "The step that told.", required=is_required, codes=ATTRIBUTION_STEP),
    )


_MONTHS = bigint("n_person_month", "Months of the year in which the person was registered (by area: resident).", required=True)
_OVERRIDDEN = flag("is_overridden", "Whether a payer's list or the person's choice says other than our own rule.", required=True)
_REASON = text("reason", "The step that left the person out: the first that did.", required=True, codes=ATTRIBUTION_REASON)

ATTRIBUTION = Table(
    name="attribution",
    meaning="One person in one year of the place's calendar, and whose the person is.",
    columns=(*_WHO, *_found(True), *_OWN, *_MEASURED, _OVERRIDDEN, _MONTHS),
    key=("person_id", "start_date"),
    order=("person_id", "start_date"),
)

ATTRIBUTION_ATTRITION = Table(
    name="attribution_attrition",
    meaning="One person in one year of the place's calendar who is nobody's, or not ours, and the step that left the person out.",
    columns=(*_WHO, _REASON, *_OWN, *_MEASURED, _OVERRIDDEN, _MONTHS),
    key=("person_id", "start_date"),
    order=("person_id", "start_date"),
)

ATTRIBUTION_OUTCOME = Table(
    name="attribution_outcome",
    meaning="One person in one year: whose the person is, or the step that left the person out.",
    columns=(
        *_WHO, *_found(False), text("reason", "The step that left the person out; NULL if none did.", codes=ATTRIBUTION_REASON), *_OWN,
        *_MEASURED, _OVERRIDDEN, _MONTHS,
    ),
    key=("person_id", "start_date"),
)  # fmt: skip

OWN_ATTRIBUTION = Table(
    name="own_attribution",
    meaning="One person in one year, by our own rule alone: whose the person is, or why nobody's. Without a row there is nothing to go by.",
    columns=(
        bigint("person_id", "The person.", required=True),
        day("start_date", "First day of the year that it is about.", required=True),
        *_found(False),
        text("reason", "Why nobody's.", codes=ATTRIBUTION_REASON),
        *_MEASURED,
    ),
    key=("person_id", "start_date"),
)

ATTRIBUTION_PERIOD = Table(
    name="attribution_period",
    meaning="One year of the place's calendar within its period, with the rule by which its people are told.",
    columns=(
        day("start_date", "First day.", required=True),
        day("end_date", "First day after it.", required=True),
        day("first_month_date", "First day of its first month.", required=True),
        day("window_start_date", "First day on which care counts; of lists and areas, its own first day.", required=True),
        day("window_end_date", "First day on which it does not any more.", required=True),
        day("wide_start_date", "First day of the wider window; that of the window where there is none.", required=True),
        text("method", "By which rule.", required=True, codes=ATTRIBUTION_METHOD),
        text("movers", "Which of several lists or areas of a year.", required=True, codes=("first", "last", "longest")),
        text("measure", "What most is meant by.", required=True, codes=("allowed_charges", "contacts")),
        flag("is_cover_required", "Whether a month of registration in the window is asked for.", required=True),
        text("organisation_id", "Whose people alone are ours; NULL: anybody's."),
    ),
    key=("start_date",),
)

PARTICIPANT = Table(
    name="participant",
    meaning="One provider, practice or area that counts as part of one organisation.",
    columns=(
        text("participant_id", "The provider, practice or area.", required=True),
        text("organisation_id", "What it counts as.", required=True),
    ),
    key=("participant_id",),
)

QUALIFYING_CODE = Table(
    name="qualifying_code",
    meaning="One code of primary care in one year, from the rulebook.",
    columns=(
        day("start_date", "First day of the year.", required=True),
        text("code_system", "Whose code it is.", required=True),
        text("code", "The code.", required=True),
        text("only_in_setting", "The one setting in which it counts."),
        text("not_in_setting", "The one setting in which it does not."),
    ),
    key=("start_date", "code_system", "code"),
)

PROVIDER_CLASS = Table(
    name="provider_class",
    meaning="One specialty whose services count, from the rulebook.",
    columns=(
        text("service_code", "The specialty, as a claim line has it.", required=True),
        text("provider_class", "What it counts as.", required=True, codes=PROVIDER_CLASS_CODE),
    ),
    key=("service_code",),
)
