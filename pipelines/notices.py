"""A notice of a failed run: posted to a webhook, or given to a command."""

import json
import shlex
import subprocess
from dataclasses import asdict, dataclass
from textwrap import shorten
from urllib.parse import urlsplit

import httpx2

from recsys_core.errors import RecsysError

__all__ = ["Notice", "send"]

_SECONDS = 10.0
_SHOWN = 200  # characters of why it ran


@dataclass(frozen=True, slots=True)
class Notice:
    """What whoever looks after the pipeline is told; ``causes`` in words, the first cause first."""

    run_id: str
    job: str
    home: str
    causes: list[str]
    why: str

    @property
    def text(self) -> str:
        """Two lines: what failed, and where to look."""
        more = f" (and {len(self.causes) - 1} more)" if len(self.causes) > 1 else ""
        cause = " ".join((self.causes or ["no cause is known"])[0].split())
        why = f"; it ran because of {shorten(self.why, _SHOWN, placeholder=' …')}" if self.why else ""
        return f"{cause}{more}\nRun {self.run_id[:8]} of job {self.job} failed in {self.home}{why}"

    def as_dict(self) -> dict[str, object]:
        return {"text": self.text, **asdict(self)}  # chat services show "text"


def send(notice: Notice, where: str) -> None:
    """Post the notice as JSON to ``where``, an http(s) address, or run it as a command with the JSON on standard input.

    RecsysError when nobody took it.
    """
    body = json.dumps(notice.as_dict(), ensure_ascii=False)
    if where.startswith(("http://", "https://")):
        try:
            answer = httpx2.post(
                where, content=body.encode(), headers={"content-type": "application/json"}, timeout=_SECONDS
            )
            answer.raise_for_status()
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            reason = str(error)
            if isinstance(error, httpx2.HTTPStatusError):
                reason = f"answered {error.response.status_code}"
            raise RecsysError(f"RECSYS_ON_FAILURE: the webhook at {urlsplit(where).hostname} {reason}") from None
        return
    try:
        subprocess.run(shlex.split(where), input=body, text=True, timeout=_SECONDS, check=True, capture_output=True)
    except subprocess.CalledProcessError as error:
        raise RecsysError(f"RECSYS_ON_FAILURE: the command ended with {error.returncode}") from None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise RecsysError(f"RECSYS_ON_FAILURE: the command cannot be run ({type(error).__name__})") from None
