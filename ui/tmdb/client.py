"""One movie from TMDB: time-outs, retries with back-off, and a key that no address, log line or error holds."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx2
from pydantic import SecretStr
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from ui.tmdb.art import Art, read_art

__all__ = ["TmdbClient", "TmdbError", "TmdbRefusedError", "TmdbUnreachableError"]

MOST_SECONDS: Final = 5.0
"""Longest wait that a Retry-After may ask for; with more, the movie is asked for another time."""
_ATTEMPTS: Final = 3
_V3_KEY: Final = re.compile(r"[0-9a-fA-F]{32}")
_TIMEOUT: Final = httpx2.Timeout(4.0, connect=2.0)


class TmdbError(Exception):
    """TMDB gave no answer that is of use; the movie may be asked for again later."""


class TmdbRefusedError(TmdbError):
    """TMDB does not take the key; no further question is worth asking."""


class TmdbUnreachableError(TmdbError):
    """Nothing answers; further questions would only wait."""


class _BusyError(TmdbError):
    """429 or 5xx: worth another try, after ``seconds`` if TMDB said so."""

    def __init__(self, code: int, seconds: float | None) -> None:
        super().__init__(f"TMDB answered with code {code}")
        self.seconds = seconds


class _WithKey(httpx2.BaseTransport):
    """Adds the key at the last moment.

    httpx2 logs the address of every request and puts the request into its errors: those never see the key, because
    only the copy that goes out has it.
    """

    def __init__(self, key: SecretStr, inner: httpx2.BaseTransport) -> None:
        self._key = key
        self._inner = inner

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        value = self._key.get_secret_value()
        url, headers = request.url, request.headers.copy()
        if _V3_KEY.fullmatch(value):
            url = url.copy_merge_params({"api_key": value})
        else:
            headers["authorization"] = f"Bearer {value}"
        return self._inner.handle_request(
            httpx2.Request(request.method, url, headers=headers, stream=request.stream, extensions=request.extensions)
        )

    def close(self) -> None:
        self._inner.close()


class TmdbClient:
    """Asks TMDB for movies; may be shared by threads.

    ``key`` is a v3 key (32 hexadecimal digits, sent as ``api_key``) or a v4 token (sent as a bearer token).
    """

    def __init__(
        self,
        key: SecretStr,
        api_url: str,
        *,
        timeout: httpx2.Timeout | float = _TIMEOUT,
        back_off: float = 0.5,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._api_url = api_url
        self._http = httpx2.Client(timeout=timeout, transport=_WithKey(key, transport or httpx2.HTTPTransport()))
        self._waits = wait_exponential_jitter(multiplier=back_off, max=MOST_SECONDS, jitter=back_off)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def movie(self, tmdb_id: int) -> Art | None:
        """Pictures and words of a movie; None if TMDB does not know it. Raises TmdbError."""
        for attempt in Retrying(
            retry=retry_if_exception_type(_BusyError),
            stop=self._enough,
            wait=self._wait,
            reraise=True,
        ):
            with attempt:
                return self._ask(tmdb_id)
        return None

    def _ask(self, tmdb_id: int) -> Art | None:
        try:
            answer = self._http.get(f"{self._api_url}/movie/{tmdb_id}")
        except httpx2.TimeoutException:
            raise TmdbUnreachableError("TMDB takes too long to answer") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise TmdbUnreachableError(f"TMDB cannot be reached ({type(error).__name__})") from None
        code = answer.status_code
        if code == 404:
            return None
        if code in {401, 403}:
            raise TmdbRefusedError("TMDB does not take the key in TMDB_API_KEY; see themoviedb.org/settings/api")
        if code == 429 or code >= 500:
            raise _BusyError(code, _seconds(answer.headers.get("retry-after")))
        art = read_art(answer.content) if code == 200 else None
        if art is None:
            raise TmdbError(f"TMDB's answer about movie {tmdb_id} cannot be read (code {code})")
        return art

    def _enough(self, state: RetryCallState) -> bool:
        asked = _asked(state)
        return stop_after_attempt(_ATTEMPTS)(state) or (asked is not None and asked > MOST_SECONDS)

    def _wait(self, state: RetryCallState) -> float:
        asked = _asked(state)
        return self._waits(state) if asked is None else asked


def _asked(state: RetryCallState) -> float | None:
    """Seconds that TMDB asked to wait."""
    error = state.outcome.exception() if state.outcome else None
    return error.seconds if isinstance(error, _BusyError) else None


def _seconds(retry_after: str | None) -> float | None:
    """The header's seconds or date; None where it says nothing of use."""
    if not retry_after:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
