"""Sessions and connections: boto3's own ways to credentials, endpoints and certificates."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from typing import Any

from mirrorbi._version import __version__
from mirrorbi.errors import CredentialsError, SettingsError
from mirrorbi.settings import ClaudeSettings

_CONNECTIONS = 32
_MOST = 8
_lock = threading.Lock()
# To save time alone: the key holds everything that a client is made from.
_clients: OrderedDict[tuple[object, ...], Any] = OrderedDict()
_VARIABLES = ("AWS_", "BOTO_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT", "REQUESTS_CA")


def session_for(settings: ClaudeSettings) -> Any:
    """Return the boto3 session that settings name: profile and region only override.

    Raises
    ------
    CredentialsError
        If there is no such profile.
    """
    import boto3
    from botocore.exceptions import ProfileNotFound

    try:
        return boto3.Session(profile_name=settings.profile, region_name=settings.region)
    except ProfileNotFound:
        name = settings.profile or os.environ.get("AWS_PROFILE", "")
        raise CredentialsError(
            f"There is no AWS profile {name!r}.",
            hint="See the names with  aws configure list-profiles , and set profile in "
            "[claude] of mirrorbi.toml or AWS_PROFILE.",
        ) from None


def region_of(settings: ClaudeSettings, session: Any = None) -> str:
    """Return the AWS region that is called.

    Raises
    ------
    SettingsError
        If nothing says which.
    """
    if settings.region:
        return settings.region
    region = (session or session_for(settings)).region_name or os.environ.get("AWS_REGION")
    if not region:
        raise SettingsError(
            "Nothing says in which AWS region Claude is called.",
            hint="Set region in [claude] of mirrorbi.toml, AWS_REGION, or the region of "
            "the AWS profile.",
        )
    return str(region)


def client_for(settings: ClaudeSettings, service: str, session: Any = None) -> Any:
    """Return a client that all threads of this process share.

    Parameters
    ----------
    settings
        Profile, region, endpoint, timeouts.
    service
        ``bedrock-runtime`` or ``bedrock``.
    session
        A boto3 session to use instead.
    """
    region = region_of(settings, session)
    key = (
        *(service, id(session) if session is not None else settings.profile, region),
        *(settings.endpoint, settings.connect_timeout, settings.read_timeout),
        *(os.getpid(), _environment()),
    )
    with _lock:
        # A session is not safe to use from several threads; the client it makes is.
        if key not in _clients:
            _clients[key] = _new(settings, service, region, session or session_for(settings))
            if len(_clients) > _MOST:
                _clients.popitem(last=False)
        _clients.move_to_end(key)
        client: Any = _clients[key]
        return client


def _new(settings: ClaudeSettings, service: str, region: str, session: Any) -> Any:
    from botocore.config import Config

    config = Config(
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        # Repeating is ours (mirrorbi.bedrock.retry): it knows what was delivered, can be
        # cancelled while it waits, and never sends again what may have been served.
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=_CONNECTIONS,
        tcp_keepalive=True,
        user_agent_extra=f"mirrorbi/{__version__}",
    )
    endpoint = settings.endpoint if service == "bedrock-runtime" else None
    return session.client(service, region_name=region, endpoint_url=endpoint, config=config)


def _environment() -> str:
    """Return a hash of what boto3 reads from the environment: another one, another client."""
    variables = sorted(
        f"{name}={value}"
        for name, value in os.environ.items()
        if name.upper().startswith(_VARIABLES)
    )
    return hashlib.sha256("\n".join(variables).encode("utf-8", "surrogateescape")).hexdigest()
