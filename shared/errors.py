"""Every error that a user can cause or meet, in one tree.

    MonitorError
    ├── InputError          the sender's file or argument is wrong; the sender can mend it
    │   ├── NotFoundError   what was asked for does not exist here
    │   └── NotAcceptableError  it exists, in no form that the reader accepts
    ├── TrustError          a signature, fingerprint, key or hash is not what it must be
    ├── PolicyError         the policy or an agreement does not allow this
    ├── StateError          not now: the round, delivery or release is in another state
    │   ├── GoneError       what was here may no longer be used
    │   ├── StorageError    there is no room to keep it; nothing was changed
    │   └── BusyError       not now, but soon: the service has no room or no time
    │       ├── TooManyError    this sender asked for too much in a short time
    │       └── UnreachableError    the database went away
    ├── ProtectionError     a table cannot be published safely as asked
    └── ConfigurationError  this installation is set up wrongly

A programmer's error stays ``RuntimeError`` or ``assert``. No message, hint or place ever
holds a person's value: a row number, a column and a shape such as ``NNNNNNNNL`` at most.
"""

from __future__ import annotations


class MonitorError(Exception):
    """An error with a stable code, a sentence that says expected and got, and a hint.

    Args:
        code: stable kebab-case identifier, the same in CLI, HTTP problem and counters.
        message: one sentence: what was expected and what was found.
        hint: one sentence: what the reader can do about it.
        about: the place that a translation of the message names too: a party, a round, a file
            of the key office; never a source file or anything of a person.
    """

    exit_code = 1
    http_status = 500

    def __init__(self, code: str, message: str, *, hint: str = "", about: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.about = about

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def __reduce__(self) -> tuple[object, ...]:
        """As it is, for whoever asked a process of its own to do something."""
        return _again, (type(self), self.message), self.__dict__


def _again(kind: type[MonitorError], message: str) -> MonitorError:
    return kind.__new__(kind, message)


class InputError(MonitorError):
    """The sender's file or argument is wrong."""

    exit_code = 2
    http_status = 400


class TrustError(MonitorError):
    """A signature, fingerprint, key or hash is not what it must be."""

    exit_code = 3
    http_status = 403


class PolicyError(MonitorError):
    """The policy or an agreement does not allow this."""

    exit_code = 4
    http_status = 403


class StateError(MonitorError):
    """The round, delivery or release is in a state in which this cannot be done."""

    exit_code = 5
    http_status = 409


class ProtectionError(MonitorError):
    """A table cannot be published safely as asked; nothing is published."""

    exit_code = 6
    http_status = 422


class ConfigurationError(MonitorError):
    """This installation is set up wrongly."""

    exit_code = 7
    http_status = 500


class NotFoundError(InputError):
    """Something was asked for that does not exist, or that this reader may not know of."""

    http_status = 404


class NotAcceptableError(InputError):
    """What was asked for exists, in no form that the reader accepts."""

    http_status = 406


class GoneError(StateError):
    """What was asked for was here, and may no longer be used."""

    http_status = 410


class StorageError(StateError):
    """There is no room to keep what was sent or made; nothing was changed."""

    http_status = 507


class BusyError(StateError):
    """The service cannot do this now; the same request may succeed a little later.

    Attributes:
        retry_after_seconds: when to ask again.
    """

    http_status = 503
    retry_after_seconds = 5


class UnreachableError(BusyError):
    """The database went away, so that what it did last is not known; asking again tells."""


class TooManyError(BusyError):
    """Somebody asked for too much in a short time."""

    http_status = 429
    retry_after_seconds = 1
