"""Faults: what Bedrock, boto3 and the network raise, as our errors with what to do next."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from mirrorbi.bedrock.hints import AccountHints
from mirrorbi.bedrock.residency import Route
from mirrorbi.errors import (
    AccessError,
    BrokenStreamError,
    ClaudeError,
    CredentialsError,
    ModelIdError,
    ThrottledError,
    UnavailableError,
)
from mirrorbi.settings import ClaudeSettings

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_WRONG_KEYS = {
    *("UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException"),
    *("SignatureDoesNotMatch", "MissingAuthenticationToken", "IncompleteSignatureException"),
    *("MissingAuthenticationTokenException", "IncompleteSignature", "InvalidAccessKeyId"),
}
_THROTTLING = {
    *("ThrottlingException", "Throttling", "ThrottledException", "TooManyRequestsException"),
    *("RequestLimitExceeded", "RequestThrottled", "SlowDown", "LimitExceededException"),
}
_TRANSIENT = {
    *("InternalServerException", "InternalFailure", "InternalServerError", "ModelErrorException"),
    *("ServiceUnavailableException", "ServiceUnavailable", "ModelNotReadyException"),
    *("ModelStreamErrorException", "ModelTimeoutException", "RequestTimeoutException"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault, and what it means for the call.

    Parameters
    ----------
    error
        What is raised.
    status
        ``failed`` if Bedrock did not serve the call, ``unknown`` if nobody knows.
    retryable
        Whether the call may be tried again, if nothing of an answer has come.
    throttled
        Whether it was refused for load.
    after
        Seconds that Bedrock asks to wait, if it does.
    code
        Bedrock's or boto3's name of it: for the ledger, as it holds nothing of a payload.
    """

    error: ClaudeError
    status: Literal["failed", "unknown"] = "failed"
    retryable: bool = False
    throttled: bool = False
    after: float | None = None
    code: str = ""


def fault_of(
    raised: BaseException, route: Route, settings: ClaudeSettings, *, begun: bool, tried: int
) -> Fault | None:
    """Return what an exception means, or ``None`` if it is not one of a call's.

    Parameters
    ----------
    raised
        By boto3, botocore, urllib3 or `mirrorbi.bedrock.stream`.
    route
        What was called.
    settings
        How.
    begun
        Whether some of the answer had come.
    tried
        How often the call was made.
    """
    from botocore import eventstream
    from botocore import exceptions as boto
    from urllib3 import exceptions as http

    code = type(raised).__name__
    if isinstance(raised, ClaudeError):
        broken = isinstance(raised, BrokenStreamError)
        return Fault(raised, "unknown", retryable=broken, code=code)
    if isinstance(raised, boto.ClientError):
        return _service_fault(raised, route, settings, begun=begun, tried=tried)
    if isinstance(raised, (http.ReadTimeoutError, boto.ReadTimeoutError)):
        return Fault(_timeout_error(settings, begun=begun), "unknown", code=code)
    if isinstance(raised, (http.HTTPError, eventstream.ParserError, boto.ConnectionClosedError)):
        words = (
            "The connection to Bedrock broke in the middle of Claude's answer; what came is "
            "not used."
            if begun
            else f"The connection to Bedrock broke before an answer came ({times(tried)})."
        )
        hint = "Run it again; if it happens often, look at proxies and idle timeouts."
        return Fault(BrokenStreamError(words, hint=hint), "unknown", retryable=True, code=code)
    return _not_sent(raised, route, settings, code)


def _service_fault(
    raised: Any, route: Route, settings: ClaudeSettings, *, begun: bool, tried: int
) -> Fault:
    """Return the fault that Bedrock, or what stands before it, answered with."""
    details = raised.response.get("Error", {})
    head = raised.response.get("ResponseMetadata", {})
    # In a stream the names begin with a small letter.
    code = str(details.get("Code") or "")
    code = code[:1].upper() + code[1:]
    words = " ".join(str(details.get("Message") or "").split())
    status = int(head.get("HTTPStatusCode") or 0)
    hints = AccountHints(route, settings, words)
    retryable = throttled = False
    error: ClaudeError
    if code in _EXPIRED:
        error = CredentialsError("The AWS credentials have expired.", hint=hints.renew())
    elif code in _WRONG_KEYS:
        error = CredentialsError(f"AWS does not accept the credentials: {words}", hint=hints.keys())
    elif code == "AccessDeniedException" or (status == 403 and code not in _THROTTLING):
        error = AccessError(f"This role may not call {route.id}: {words}", hint=hints.access())
    elif code == "ServiceQuotaExceededException":
        error = ThrottledError(f"A quota of the account is reached: {words}", hint=hints.quota())
    elif code in _THROTTLING or (status == 429 and code not in _TRANSIENT):
        retryable = throttled = "per day" not in words
        error = ThrottledError(
            f"Bedrock refused the call for load, {times(tried)}: {words}", hint=hints.quota()
        )
    elif code == "ResourceNotFoundException" and "use case" in words.lower():
        error = AccessError(f"The account may not use {route.model.label} yet: {words}",
                            hint=hints.access())  # fmt: skip
    elif code == "ResourceNotFoundException":
        error = ModelIdError(f"Bedrock does not serve {route.id}: {words}", hint=hints.model())
    elif code == "ValidationException":
        error = _invalid(words, route, hints)
    elif code in _TRANSIENT or status >= 500 or status == 408 or not code:
        retryable, throttled = (
            True,
            code in ("ModelNotReadyException", "ServiceUnavailableException"),
        )
        who = "Bedrock" if code and not code.isdigit() else "Bedrock, or a proxy before it,"
        error = UnavailableError(
            f"{who} failed, {times(tried)}: {code} {words}".strip(),
            hint="Run it again later; https://health.aws.amazon.com tells of outages.",
        )
    else:
        error = ClaudeError(f"Bedrock refused the call: {code}: {words}", hint=hints.general())
    return Fault(
        error,
        "unknown" if begun else "failed",
        retryable=retryable,
        throttled=throttled,
        after=_retry_after(head),
        code=code,
    )


def _invalid(words: str, route: Route, hints: AccountHints) -> ClaudeError:
    lower = words.lower()
    if "on-demand throughput" in lower:
        return ModelIdError(f"{route.id} needs an inference profile: {words}", hint=hints.profile())
    if "model identifier" in lower or "model id" in lower or "end of its life" in lower:
        return ModelIdError(f"Bedrock does not know {route.id} in {route.region}: {words}",
                            hint=hints.model())  # fmt: skip
    if re.search(r"too long|too many input tokens|context (window|length)|maximum tokens", lower):
        return ClaudeError(
            f"The request is longer than {route.model.label} can take: {words}",
            hint="Ask for less, or choose a model with a larger context (mirrorbi models).",
        )
    if "guardrail" in lower:
        return ClaudeError(
            f"The guardrail cannot be used: {words}",
            hint="Check guardrail in [claude] of mirrorbi.toml: id and version, of this region.",
        )
    return ClaudeError(f"Bedrock refused the request: {words}", hint=hints.general())


def _timeout_error(settings: ClaudeSettings, *, begun: bool) -> ClaudeError:
    seconds = f"{settings.read_timeout:g} s"
    hint = (
        "It is not sent again, as it may have been served. Raise read_timeout in [claude] of "
        "mirrorbi.toml, or run it again."
    )
    if begun:
        return BrokenStreamError(
            f"Claude's answer stalled: nothing came for {seconds}; what came is not used.",
            hint=hint,
        )
    return UnavailableError(f"Bedrock did not begin to answer within {seconds}.", hint=hint)


def _not_sent(
    raised: BaseException, route: Route, settings: ClaudeSettings, code: str
) -> Fault | None:
    """Return the fault of a call that did not reach Bedrock."""
    from botocore import exceptions as boto

    hints = AccountHints(route, settings, str(raised))
    endpoint = str(getattr(raised, "kwargs", {}).get("endpoint_url") or "the endpoint")
    host = re.sub(r"^(https?://[^/]+).*$", r"\1", endpoint)
    if isinstance(raised, (boto.NoCredentialsError, boto.PartialCredentialsError)):
        return Fault(
            CredentialsError("There are no AWS credentials.", hint=hints.keys()), code=code
        )
    if isinstance(raised, _sign_in_errors()):
        return Fault(
            CredentialsError(f"The AWS credentials could not be had: {raised}", hint=hints.renew()),
            code=code,
        )
    if isinstance(raised, boto.ProxyConnectionError):
        proxy = re.sub(r"//[^/@]*@", "//", str(raised.kwargs.get("proxy_url", "")))
        return Fault(
            UnavailableError(
                f"The proxy {proxy} could not be reached.",
                hint="Check HTTPS_PROXY; hosts that need none go into NO_PROXY.",
            ),
            retryable=True,
            code=code,
        )
    if isinstance(raised, boto.SSLError):
        return Fault(
            UnavailableError(
                f"The certificate of {host} is not trusted: {_cause(raised)}",
                hint="Behind a proxy that inspects traffic, name its certificates: "
                "AWS_CA_BUNDLE=/path/to/bundle.pem, or ca_bundle in the AWS profile.",
            ),
            code=code,
        )
    if isinstance(raised, boto.ConnectTimeoutError):
        words = f"{host} did not answer within {settings.connect_timeout:g} s."
        return Fault(UnavailableError(words, hint=hints.network()), retryable=True, code=code)
    if isinstance(raised, (boto.EndpointConnectionError, boto.HTTPClientError)):
        words = f"{host} could not be reached: {_cause(raised)}"
        return Fault(UnavailableError(words, hint=hints.network()), retryable=True, code=code)
    if isinstance(raised, (boto.UnknownEndpointError, boto.EndpointProviderError)):
        words = f"There is no Bedrock endpoint for {route.region!r}: {raised}"
        return Fault(ModelIdError(words, hint="Check region in [claude]."), code=code)
    if isinstance(raised, boto.BotoCoreError):
        return Fault(
            ClaudeError(f"The call could not be made: {raised}", hint=hints.general()), code=code
        )
    return None


def times(count: int) -> str:
    """Return a count of attempts as a word or two.

    Examples
    --------
    >>> times(1), times(4)
    ('once', '4 times')
    """
    return "once" if count == 1 else f"{count} times"


def _sign_in_errors() -> tuple[type[BaseException], ...]:
    from botocore import exceptions as boto

    names = (
        *("SSOError", "TokenRetrievalError", "CredentialRetrievalError", "InvalidConfigError"),
        *("RefreshWithMFAUnsupportedError", "MetadataRetrievalError", "LoginError"),
    )
    return tuple(getattr(boto, name) for name in names if hasattr(boto, name))


def _retry_after(head: Any) -> float | None:
    """Return the seconds that a refusal asks to wait."""
    headers = head.get("HTTPHeaders", {})
    for name, scale in (("x-amz-retry-after", 1000.0), ("retry-after", 1.0)):
        text = str(headers.get(name, ""))
        if re.fullmatch(r"[0-9]{1,7}", text):
            return int(text) / scale
    return None


def _cause(raised: BaseException) -> str:
    """Return the innermost reason that a connection could not be made."""
    text = str(getattr(raised, "kwargs", {}).get("error") or "") or str(raised)
    inner = re.findall(r"(?:\[Errno [^\]]*\]|\[SSL[^\]]*\])[^'\")]*", text)
    return (inner[-1] if inner else text).rstrip(" .") + "."
