"""What our kernel does otherwise than ipykernel, so that whatever ends a cell is answered.

IPython leaves groups of exceptions to Python, which prints them where no client hears of it;
ipykernel then answers the cell without an error, or after ``await`` not at all. It ends a
tenth of a second after ``exit()``, amid the cells that follow. And a lone surrogate, which no
message can carry, makes it lose the message.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import islice
from types import TracebackType
from typing import Any, NoReturn

from ipykernel import zmqshell
from ipykernel.ipkernel import IPythonKernel
from IPython.core.error import UsageError
from jupyter_client.session import Session
from traitlets import Type

_MOST_MEMBERS = 5
"""Exceptions of a group that are shown: a thousand tasks may fail for one reason."""

_SURROGATE = re.compile("[\ud800-\udfff]")

_Caught = tuple[type[BaseException], BaseException, TracebackType | None]


# Libraries know a notebook by the name of this class.
class ZMQInteractiveShell(zmqshell.ZMQInteractiveShell):
    """A shell that tells its client of every exception."""

    # ipykernel sets it in cells without "await" only, and reads it in all.
    _last_traceback: list[str] | None = None

    def showtraceback(
        self,
        exc_tuple: _Caught | None = None,
        filename: str | None = None,
        tb_offset: int | None = None,
        exception_only: bool = False,
        running_compiled_code: bool = False,
    ) -> None:
        """Show an exception; of a group its first members, then the group."""
        error = exc_tuple[1] if exc_tuple else sys.exc_info()[1]
        members = list(islice(_members_of(error), _MOST_MEMBERS))
        if error is None or not members or isinstance(error, (SyntaxError, UsageError)):
            super().showtraceback(
                exc_tuple, filename, tb_offset, exception_only, running_compiled_code
            )
            return
        lines = [line for member in members for line in self._lines_of(member, 0)]
        lines += self._lines_of(error, tb_offset)
        self._showtraceback(type(error), error, lines)  # type: ignore[no-untyped-call]

    def _lines_of(self, error: BaseException, tb_offset: int | None) -> list[str]:
        kind, frames = type(error), error.__traceback__
        shown = self.InteractiveTB
        try:
            return list(shown.structured_traceback(kind, error, frames, tb_offset=tb_offset))
        except Exception:  # noqa: BLE001  # an exception's own text may raise whatever it likes
            return [kind.__name__]

    def ask_exit(self) -> NoReturn:
        """End the cell as ``sys.exit()`` does; whoever started the kernel ends it."""
        raise SystemExit


def _members_of(error: BaseException | None) -> Iterator[BaseException]:
    """Yield what is in the groups of an exception and of those that it came from."""
    seen: set[int] = set()  # code may have made the chain a circle
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, BaseExceptionGroup):
            for member in error.exceptions:
                if isinstance(member, BaseExceptionGroup):
                    yield from _members_of(member)
                else:
                    yield member
        error = error.__context__


class PythonKernel(IPythonKernel):
    """A Python kernel with such a shell."""

    shell_class = Type(ZMQInteractiveShell)


def carry_surrogates(session: Session) -> None:
    """Let a session send texts with lone surrogates, which become U+FFFD."""
    pack = session.pack

    def pack_any(content: Any) -> bytes:
        try:
            packed: bytes = pack(content)
        except UnicodeEncodeError:
            packed = pack(_without_surrogates(content))
        return packed

    session.pack = pack_any


def _without_surrogates(content: Any) -> Any:
    if isinstance(content, str):
        return _SURROGATE.sub("\ufffd", content)
    if isinstance(content, dict):
        return {
            _without_surrogates(key): _without_surrogates(value) for key, value in content.items()
        }
    if isinstance(content, (list, tuple)):
        return [_without_surrogates(value) for value in content]
    return content
