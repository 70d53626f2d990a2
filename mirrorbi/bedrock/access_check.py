"""What this account can call: asked of Bedrock's control plane, one answer per way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from mirrorbi.bedrock.error_mapping import fault_of
from mirrorbi.bedrock.models import ClaudeModel
from mirrorbi.bedrock.residency import Route, routes_of
from mirrorbi.connections.boto_session import client_for
from mirrorbi.settings import ClaudeSettings

Answer = Literal["yes", "legacy", "no", "not found", "not allowed"]
"""What Bedrock said of a model or profile: it can be called; it can, but not for long; it
cannot; there is none of that id in the region; or this role may not ask."""
_THREADS = 8
_UNKNOWN = ("ResourceNotFoundException", "ValidationException")


@dataclass(frozen=True, slots=True)
class Standing:
    """What Bedrock says of one way to call a model.

    Parameters
    ----------
    name
        Of the model.
    id
        Of the model or profile.
    reach
        How far a call may travel: ``region``, ``geo``, ``global``.
    answer
        See `Answer`.
    note
        Why, or until when.
    regions
        Regions that the profile reaches, as Bedrock says.
    beyond
        Those of them that the table does not know of: residency is judged by the table.
    """

    name: str
    id: str
    reach: str
    answer: Answer
    note: str = ""
    regions: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, ready for JSON."""
        return asdict(self)


def check_models(
    models: Iterable[ClaudeModel], settings: ClaudeSettings, region: str, session: Any = None
) -> list[Standing]:
    """Return what Bedrock says of every way to call these models from a region.

    Nothing is sent to a model: GetFoundationModel and GetInferenceProfile are asked.

    Parameters
    ----------
    models
        Of the table, or declared.
    settings
        Profile, timeouts. Its endpoint is of the runtime and is not used.
    region
        AWS region.
    session
        A boto3 session to use instead of the one that settings name.

    Raises
    ------
    CredentialsError
        If there are no credentials, or they have expired.
    UnavailableError
        If Bedrock cannot be reached.
    """
    settings = settings.model_copy(update={"region": region})
    client = client_for(settings, "bedrock", session)
    chosen = list(models)
    with ThreadPoolExecutor(_THREADS) as threads:
        groups = threads.map(lambda model: _standings(client, model, settings, region), chosen)
        return [standing for group in groups for standing in group]


def _standings(
    client: Any, model: ClaudeModel, settings: ClaudeSettings, region: str
) -> list[Standing]:
    route_alone = Route(model, model.id, region, (region,), "region")
    answer, note, response = _call(
        client.get_foundation_model, {"modelIdentifier": model.id}, route_alone, settings
    )
    details = response.get("modelDetails", {})
    if answer == "yes":
        answer, note = _lifecycle(details.get("modelLifecycle", {}))
    served = "ON_DEMAND" in details.get("inferenceTypesSupported", ())
    if answer in ("yes", "legacy") and not served:
        standings = [Standing(model.name, model.id, "region", "no", "needs an inference profile")]
    else:
        standings = [Standing(model.name, model.id, "region", answer, note)]
    for route in routes_of(model, region):
        if route.id != model.id:
            standings.append(_profile(client, route, settings, answer, note))
    return standings


def _profile(
    client: Any, route: Route, settings: ClaudeSettings, of_model: Answer, note: str
) -> Standing:
    answer, reason, response = _call(
        client.get_inference_profile, {"inferenceProfileIdentifier": route.id}, route, settings
    )
    arns = [part["modelArn"] for part in response.get("models", ())]
    regions = tuple(sorted({arn.split(":")[3] for arn in arns} - {""}))
    if answer == "yes" and response.get("status") != "ACTIVE":
        answer, reason = "no", f"status {response.get('status')}"
    elif answer == "yes" and of_model == "legacy":
        answer, reason = "legacy", note
    beyond = () if route.reach == "global" else tuple(sorted(set(regions) - set(route.regions)))
    return Standing(route.model.name, route.id, route.reach, answer, reason, regions, beyond)


def _call(
    operation: Any, parameters: Mapping[str, str], route: Route, settings: ClaudeSettings
) -> tuple[Answer, str, Mapping[str, Any]]:
    """Return an answer, why it is so, and what Bedrock told."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return "yes", "", operation(**parameters)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code == "AccessDeniedException":
            return "not allowed", f"allow bedrock:{error.operation_name}", {}
        if code in _UNKNOWN:
            return "not found", "not in this region", {}
        raised: Exception = error
    except BotoCoreError as error:
        raised = error
    fault = fault_of(raised, route, settings, begun=False, tried=1)
    raise (fault.error if fault is not None else raised) from raised


def _lifecycle(lifecycle: Mapping[str, Any]) -> tuple[Answer, str]:
    """Return how long a model is served."""
    end = lifecycle.get("endOfLifeTime")
    until = f"until {end:%Y-%m-%d}" if isinstance(end, datetime) else ""
    return ("legacy", until) if lifecycle.get("status") == "LEGACY" else ("yes", until)
