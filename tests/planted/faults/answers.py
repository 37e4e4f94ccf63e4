"""From the JSON of an answer to models."""

from __future__ import annotations

from typing import Any

from ..fault import Original, fault

LOSS = "test_no_answer_loses_anything_on_its_way_to_the_caller"
TYPES = "test_answers_come_out_of_the_plain_client_as_the_types_of_the_spec"
EVERY_FIELD = "test_every_field_of_an_answer_comes_through"
MODEL = "test_a_model_gives_back_what_it_was_made_of"


@fault("indoxrouter: Model.to_dict", noticed_by=f"{LOSS}[getCurrentUser-sync]")
def fields_that_no_schema_knows_are_lost(original: Original, self: Any) -> Any:
    return {name: value for name, value in original(self).items() if name in self._schema_.by_wire}


@fault("indoxrouter: Model.to_dict", noticed_by=f"{LOSS}[listApiKeys-async]", sample=True)
def nulls_are_lost(original: Original, self: Any) -> Any:
    return {name: value for name, value in original(self).items() if value is not None}


@fault("indoxrouter: _dump_beside", noticed_by=f"{EVERY_FIELD}[listTransactions-sync]")
def a_timestamp_that_was_read_is_written_anew(original: Original, value: Any, raw: Any, field: Any) -> Any:
    from datetime import datetime

    return value.isoformat() if isinstance(value, datetime) else original(value, raw, field)


@fault("indoxrouter: Nullable.decode", noticed_by=f"{MODEL}[VideoJob]")
def a_null_in_place_of_an_object_is_an_empty_object(original: Original, self: Any, raw: Any) -> Any:
    return self.inner.decode(raw or {})


@fault("indoxrouter: Array.decode", noticed_by=f"{TYPES}[listVideoJobs]")
def objects_inside_answers_stay_dicts(original: Original, self: Any, raw: Any) -> Any:
    return raw


@fault("indoxrouter: Union.decode", noticed_by=f"{TYPES}[createChatCompletion]")
def the_first_member_of_a_union_is_always_taken(original: Original, self: Any, raw: Any) -> Any:
    return self.variants[0].codec.decode(raw)


@fault("indoxrouter: _decode_member", noticed_by=f"{MODEL}[EmbeddingResponse]")
def lists_of_objects_pass_for_lists_of_lists(original: Original, raw: Any, codecs: Any) -> Any:
    return codecs[0].decode(raw)


@fault("indoxrouter: parse_datetime", noticed_by=f"{TYPES}[getCurrentUser]")
def the_zone_z_of_a_timestamp_is_not_read(original: Original, raw: Any) -> Any:
    return None if isinstance(raw, str) and raw[-1:] in ("Z", "z") else original(raw)
