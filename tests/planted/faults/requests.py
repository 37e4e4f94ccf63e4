"""Paths, queries, forms and bodies that the client sends."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from ..fault import Original, fault

SENT = "test_what_the_client_sends_fits_the_spec"
PATHS = "test_paths_that_would_walk_are_refused_before_any_request"


@fault("indoxrouter: _path_piece", rule=24, noticed_by=PATHS)
def dots_may_stand_in_a_path(original: Original, parameter: Any, value: Any) -> Any:
    return str(value) if ".." in str(value) else original(parameter, value)


@fault("indoxrouter: _path_piece", rule=24, noticed_by=PATHS)
def percent_encoding_hides_what_a_path_holds(original: Original, parameter: Any, value: Any) -> Any:
    return quote(str(value), safe=":@/") if "%" in str(value) else original(parameter, value)


@fault("indoxrouter: _path_piece", noticed_by=f"{SENT}[getModel-sync]")
def what_stands_in_a_path_is_not_quoted(original: Original, parameter: Any, value: Any) -> Any:
    original(parameter, value)
    return str(value)


@fault("indoxrouter: _path_piece", noticed_by="test_each_segment_is_quoted")
def slashes_in_ids_are_quoted(original: Original, parameter: Any, value: Any) -> Any:
    return original(parameter, value).replace("/", "%2F")


@fault(
    "indoxrouter: _path_piece", noticed_by="test_an_id_arrives_as_it_was_passed_whatever_it_holds[getModel]"
)
def ids_with_slashes_are_refused(original: Original, parameter: Any, value: Any) -> Any:
    from indoxrouter import InvalidParametersError

    if "/" in str(value):
        raise InvalidParametersError(f"{parameter.name}: no slashes", argument=parameter.name)
    return original(parameter, value)


@fault("indoxrouter: scalar_text", noticed_by=f"{SENT}[getAnalyticsUsage-sync]")
def booleans_are_written_as_python_writes_them(original: Original, value: Any) -> str:
    text: str = str(value) if isinstance(value, bool) else original(value)
    return text


@fault("indoxrouter: _query_pairs", noticed_by=f"{SENT}[listVideoJobs-sync]")
def the_first_value_of_a_query_parameter_is_left_out(original: Original, parameter: Any, value: Any) -> Any:
    return original(parameter, value)[1:]


@fault("indoxrouter: _escape", rule=25, noticed_by="test_filenames_cannot_add_headers_or_parts")
def file_names_are_not_escaped(original: Original, text: str) -> str:
    return text


@fault(
    "indoxrouter: MultipartBody._part",
    noticed_by="test_a_form_field_of_any_name_is_that_field[createTranscription]",
)
def names_of_form_fields_are_not_escaped(original: Original, self: Any, name: str, *rest: Any) -> Any:
    head, file = original(self, "the-name", *rest)
    return head.replace(b"the-name", name.encode(), 1), file


@fault("indoxrouter: MultipartBody.__init__", noticed_by=f"{SENT}[createTranscription-sync]")
def the_boundary_of_forms_is_always_the_same(original: Original, self: Any, parts: Any) -> None:
    original(self, parts)
    self.boundary = "boundary"


@fault("indoxrouter: MultipartBody.__len__", noticed_by=f"{SENT}[createTranslation-sync]")
def the_announced_length_of_a_form_is_too_short(original: Original, self: Any) -> int:
    length: int = original(self)
    return length - 2


@fault("indoxrouter: Schema.encode", noticed_by=f"{SENT}[createEmbedding-sync]")
def fields_that_no_schema_knows_are_not_sent(original: Original, self: Any, *arguments: Any) -> Any:
    return {name: value for name, value in original(self, *arguments).items() if name in self.by_wire}


@fault("indoxrouter: Schema.encode", noticed_by=f"{SENT}[createChatCompletion-sync]")
def an_explicit_null_is_not_sent(original: Original, self: Any, *arguments: Any) -> Any:
    return {name: value for name, value in original(self, *arguments).items() if value is not None}


@fault("indoxrouter: Number.encode", noticed_by=f"{SENT}[createImage-sync]")
def whole_numbers_written_as_floats_are_refused(original: Original, self: Any, value: Any, path: str) -> Any:
    from indoxrouter import InvalidParametersError

    encoded = original(self, value, path)
    if isinstance(encoded, int) and isinstance(value, float):
        raise InvalidParametersError(f"{path}: not a whole number", argument=path)
    return encoded


@fault(
    "indoxrouter: Enumeration.__init__", noticed_by="test_a_value_of_tomorrow_can_be_sent_today[createSpeech]"
)
def open_enums_are_closed(original: Original, self: Any, values: Any, closed: bool) -> None:
    original(self, values, True)


@fault("indoxrouter: Schema.__init__", noticed_by=f"{SENT}[createEmbedding-async]")
def every_model_is_closed(original: Original, self: Any, *arguments: Any, **options: Any) -> None:
    original(self, *arguments, **{**options, "closed": True})


@fault("indoxrouter: Operation.call", noticed_by=f"{SENT}[createSpeech-async]")
def methods_send_the_names_of_fields_in_capitals(
    original: Original, self: Any, values: Any = None, body: Any = None, fields: Any = None, *more: Any
) -> Any:
    if fields is None:
        return original(self, values)
    return original(self, values, body, {name.upper(): value for name, value in fields.items()}, *more)


@fault("indoxrouter: AsyncVideosResource.list_video_jobs", noticed_by=f"{SENT}[listVideoJobs-async]")
def a_generated_method_forgets_its_query_parameters(original: Original, self: Any, **parameters: Any) -> Any:
    return original(self)


@fault(
    "indoxrouter_ext: CallSteps._call_facade",
    noticed_by="test_what_a_documented_method_sends_fits_the_spec[embeddings-createEmbedding]",
)
def a_documented_method_forgets_its_last_argument(
    original: Original, self: Any, entry: Any, values: Any, *arguments: Any, **own: Any
) -> Any:
    return original(self, entry, dict([*values.items()][:-1]), *arguments, **own)


@fault("indoxrouter: Date.encode", noticed_by="test_usage_takes_dates_as_dates_and_as_text")
def a_date_is_sent_as_the_day_after(original: Original, self: Any, value: Any, path: str) -> Any:
    from datetime import date, timedelta

    encoded = original(self, value, path)
    return (date.fromisoformat(encoded) + timedelta(days=1)).isoformat()
