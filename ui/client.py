"""The API as functions: typed documents in and out, and errors that a person can act on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import quote

import httpx2
from pydantic import BaseModel, ValidationError

from serving.schemas import (
    EvaluationResponse,
    Event,
    FeedbackRequest,
    FeedbackResponse,
    Id,
    ListOptions,
    ModelsResponse,
    Movie,
    OnboardingRequest,
    OnboardingResponse,
    RecommendationsRequest,
    RecommendationsResponse,
    SearchResponse,
    SimilarResponse,
    UserResponse,
)

__all__ = [
    "HOW_TO_MAKE_ONE",
    "ApiBrokenError",
    "ApiBusyError",
    "ApiClient",
    "ApiError",
    "ApiNotFoundError",
    "ApiNotReadyError",
    "ApiRefusedError",
    "ApiUnreachableError",
    "Fault",
]

HOW_TO_MAKE_ONE: Final = "`recsys run --data FOLDER` makes one (`make demo`: of the bundled data)."

_TIMEOUT: Final = httpx2.Timeout(10.0, connect=2.0)
_NO_MODEL: Final = "no model is loaded"
"""The API's words when it has no model; every other 503 passes by itself."""
_Answer = TypeVar("_Answer", bound=BaseModel)


class ApiError(Exception):
    """Base of what can go wrong with a call; the message is for the person at the page.

    ApiError
    ├── ApiUnreachableError   nothing answers, or not in time
    ├── ApiNotReadyError      it runs, but has no model yet
    ├── ApiBusyError          it cannot answer now, but in a moment
    ├── ApiNotFoundError      no such movie, version or plot
    ├── ApiRefusedError       a value that the API does not take
    └── ApiBrokenError        an answer that is no answer
    """


class ApiUnreachableError(ApiError):
    """Nothing answers at the address, or not in time."""


class ApiNotReadyError(ApiError):
    """The API runs, but has no model yet."""


class ApiBusyError(ApiError):
    """The API cannot answer now: too many questions, or what it asks itself is away."""


class ApiNotFoundError(ApiError):
    """There is no such movie, version or plot."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A field that the API does not take, such as ("query", "genres", 0), and why."""

    where: tuple[str | int, ...]
    message: str

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.where[1:]))}: {self.message}"


class ApiRefusedError(ApiError):
    """A value that the API does not take; ``faults`` are the fields, where it names them."""

    def __init__(self, message: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class ApiBrokenError(ApiError):
    """The API failed, or gave an answer of another form."""


class ApiClient:
    """Calls of the API at ``base_url``; may be shared by threads. All methods raise ApiError."""

    def __init__(self, base_url: str, *, timeout: httpx2.Timeout | float = _TIMEOUT) -> None:
        self.base_url = base_url.rstrip("/")
        # an API on this machine is never behind the proxy of the environment
        self._http = httpx2.Client(timeout=timeout, headers={"accept": "application/json"}, trust_env=False)

    def __enter__(self) -> "ApiClient":
        return self

    def __exit__(self, *ended: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def recommend(self, user_id: Id, options: ListOptions | None = None) -> RecommendationsResponse:
        """The list for a user id; somebody unknown gets what suits newcomers."""
        query = _query(options or ListOptions())
        return self._get(f"/recommendations/{_word(user_id)}", RecommendationsResponse, query)

    def recommend_for(self, request: RecommendationsRequest) -> RecommendationsResponse:
        """The list for what somebody says of themselves; for an empty request, what suits newcomers."""
        return self._post("/recommendations", request, RecommendationsResponse)

    def similar(self, movie_id: Id, k: int = 10) -> SimilarResponse:
        """Titles like one title, most alike first."""
        return self._get(f"/movies/{_word(movie_id)}/similar", SimilarResponse, {"k": k})

    def search(self, query: str, k: int = 10) -> SearchResponse:
        """Titles by their name, typos forgiven."""
        return self._get("/movies", SearchResponse, {"query": query, "k": k})

    def movie(self, movie_id: Id) -> Movie:
        """One title."""
        return self._get(f"/movies/{_word(movie_id)}", Movie)

    def user(self, user_id: Id, k: int = 500) -> UserResponse:
        """What a user has rated, best first; ``known`` is false for a stranger."""
        return self._get(f"/users/{_word(user_id)}", UserResponse, {"k": k})

    def ask_next(self, request: OnboardingRequest) -> OnboardingResponse:
        """Which titles a newcomer should be asked about next."""
        return self._post("/onboarding", request, OnboardingResponse)

    def send_feedback(self, user_id: Id, events: Sequence[Event]) -> FeedbackResponse:
        """Tell what was shown, opened or rated."""
        return self._post("/feedback", FeedbackRequest(user_id=user_id, events=list(events)), FeedbackResponse)

    def models(self) -> ModelsResponse:
        """Models in memory, and all versions of the registry."""
        return self._get("/models", ModelsResponse)

    def evaluation(self, version: str) -> EvaluationResponse:
        """How good a version was on held-out people."""
        return self._get(f"/models/{version}/evaluation", EvaluationResponse)

    def plot(self, version: str, name: str) -> bytes:
        """A PNG of the evaluation."""
        answer = self._send("GET", f"/models/{version}/plots/{name}")
        if not answer.content.startswith(b"\x89PNG"):
            raise ApiBrokenError(f"the plot {name} of version {version} is not a PNG image")
        return answer.content

    def _get(self, path: str, form: type[_Answer], query: dict[str, Any] | None = None) -> _Answer:
        return self._read(self._send("GET", path, params=query), form)

    def _post(self, path: str, body: BaseModel, form: type[_Answer]) -> _Answer:
        return self._read(self._send("POST", path, json=body.model_dump(exclude_none=True)), form)

    def _send(self, method: str, path: str, **given: Any) -> httpx2.Response:
        try:
            answer = self._http.request(method, self.base_url + path, **given)
        except httpx2.TimeoutException as error:
            raise ApiUnreachableError(
                f"The recommender at {self.base_url} takes too long to answer; try again in a moment."
            ) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ApiUnreachableError(
                f"The recommender does not answer at {self.base_url}: start it with `recsys serve` or `make dev`."
            ) from error
        if answer.is_success:
            return answer
        raise _error_of(answer)

    def _read(self, answer: httpx2.Response, form: type[_Answer]) -> _Answer:
        try:
            return form.model_validate_json(answer.content)
        except ValidationError as error:
            raise ApiBrokenError(
                f"What answers at {self.base_url} is not this recommender, or another version of it: "
                f"{answer.url.path} gave no {form.__name__}. Check RECSYS_API_URL."
            ) from error


def _word(name: Id) -> str:
    return quote(str(name), safe="")


def _query(options: ListOptions) -> dict[str, Any]:
    """Options as a query; what is at its default is left out."""
    return options.model_dump(exclude_defaults=True, exclude_none=True)


def _error_of(answer: httpx2.Response) -> ApiError:
    said = _said(answer)
    detail = said if isinstance(said, str) else "; ".join(map(str, said))
    match answer.status_code:
        case 404:
            return ApiNotFoundError(detail or "The recommender does not know this.")
        case 503 if _NO_MODEL in detail:
            return ApiNotReadyError(f"The recommender runs, but {detail}. {HOW_TO_MAKE_ONE}")
        case 503 | 504:
            reason = f": {detail}" if detail else ""
            return ApiBusyError(f"The recommender cannot answer now{reason}. Try again in a moment.")
        case code if code >= 500:
            return ApiBrokenError("The recommender failed on this question; its log says why. Try again in a moment.")
        case code:
            faults = () if isinstance(said, str) else said
            return ApiRefusedError(detail or f"The recommender refused this with code {code}.", faults)


def _said(answer: httpx2.Response) -> str | list[Fault]:
    """The API's own words: a text, or the fields at fault."""
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return ""
    if not isinstance(detail, list):
        return str(detail)
    faults = [fault for fault in detail if isinstance(fault, dict) and isinstance(fault.get("loc"), list)]
    return [Fault(tuple(fault["loc"]), str(fault.get("msg", ""))) for fault in faults]
