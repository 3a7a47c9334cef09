"""Raw files into landed text, and landed text into canonical tables or quarantine.

In:    partners' files under sources/, the maps, place.toml; from identity: sighting_person and person.
Out:   submission, record_fate, issue, quarantine, registration, activity, diagnosis, procedure, observation, organisation;
       working tables: file_amount, sighting, same_person, attachment, person_statement.
Reads: the rulebook's code forms, by the table code_form.
Never: drops a record without a fate, guesses a code's system, or edits what was delivered.
"""
