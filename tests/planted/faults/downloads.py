"""Files of answers, fetched and saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from ..fault import Original, fault


@fault("indoxrouter_ext: Download.needs_token", noticed_by="test_no_secret_reaches_another_host")
def every_host_gets_the_token(original: Original, self: Any) -> bool:
    return True


@fault(
    "indoxrouter_ext: Download.needs_token",
    noticed_by="test_a_token_that_the_own_server_refuses_is_replaced_for_a_file",
)
def the_own_server_gets_no_token(original: Original, self: Any) -> bool:
    return False


@fault(
    "indoxrouter_ext: Download._redirect",
    noticed_by="test_redirects_are_followed_a_few_times_without_secrets",
    within=15,
)
def redirects_are_followed_for_ever(original: Original, self: Any, location: str) -> None:
    self._redirects = 0
    original(self, location)


@fault("indoxrouter_ext: Download._redirect", noticed_by="test_a_redirect_from_https_to_http_is_not_followed")
def a_redirect_from_https_to_http_is_followed(original: Original, self: Any, location: str) -> None:
    self._redirects += 1
    self._set_url(urljoin(self._url, location))
    if self._redirects > 5:
        original(self, location)


@fault(
    "indoxrouter_ext: Download.request", noticed_by="test_a_download_that_broke_off_goes_on_where_it_stopped"
)
def the_rest_of_a_file_is_asked_for_whatever_its_version(original: Original, self: Any, token: Any) -> Any:
    request = original(self, token)
    request.headers[:] = [pair for pair in request.headers if pair[0] != "If-Range"]
    return request


@fault(
    "indoxrouter_ext: FileDestination.abandon",
    noticed_by="test_a_later_call_goes_on_where_an_earlier_one_gave_up",
)
def half_a_file_appears_under_its_name(original: Original, self: Any) -> None:
    if self._file is not None:
        self.finish()
    original(self)


@fault("indoxrouter_ext: target_path", noticed_by="test_a_name_that_the_server_chose_stays_in_the_directory")
def the_servers_name_may_lead_out_of_the_directory(original: Original, path: Any, suggested: str) -> Path:
    target: Path = original(path, suggested)
    return Path(path) / suggested if Path(path).is_dir() else target


@fault("indoxrouter_ext: Download.feed", noticed_by="test_progress_is_told_as_bytes_arrive")
def progress_counts_the_bytes_of_the_last_piece(original: Original, self: Any, piece: bytes) -> None:
    told, self._on_progress = self._on_progress, None
    original(self, piece)
    self._on_progress = told
    if told is not None:
        told(len(piece), self._total)


@fault("indoxrouter_ext: _content_range", noticed_by="test_ranges_may_come_in_portions")
def the_total_of_a_resumed_file_is_what_is_left(original: Original, headers: Any) -> Any:
    first, total = original(headers)
    return first, None if total is None else total - first


@fault("indoxrouter_ext: MemoryDestination.write", noticed_by="test_files_in_memory_have_a_limit")
def a_file_in_memory_may_have_any_size(original: Original, self: Any, piece: bytes) -> None:
    self._limit = float("inf")
    original(self, piece)


@fault("indoxrouter_ext: Download.end", noticed_by="test_ranges_may_come_in_portions")
def a_file_that_ended_early_is_complete(original: Original, self: Any) -> None:
    self._total = None
    original(self)


@fault(
    "indoxrouter_ext: FileDestination._claim",
    noticed_by="test_a_later_call_goes_on_where_an_earlier_one_gave_up",
)
def an_earlier_download_is_not_continued(original: Original, self: Any) -> None:
    return None


@fault(
    "indoxrouter_ext: Download._replace_token",
    noticed_by="test_a_token_that_the_own_server_refuses_is_replaced_for_a_file",
)
def a_refused_token_is_not_replaced_for_a_download(original: Original, self: Any) -> bool:
    return False
