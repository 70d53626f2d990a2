"""Hints: what to do about a fault, with the names that it takes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from mirrorbi.bedrock.models import find_model
from mirrorbi.bedrock.residency import EVERYWHERE, Route, routes_of
from mirrorbi.settings import ClaudeSettings

ACTION = "bedrock:InvokeModelWithResponseStream"
"""What a role needs: streaming has an action of its own."""


def resources_of(route: Route, account: str = "ACCOUNT") -> list[str]:
    """Return the ARNs that a role needs for a route: of the profile, and of each model behind.

    Parameters
    ----------
    route
        How the model is called.
    account
        Number of the AWS account.

    Examples
    --------
    >>> from mirrorbi.bedrock.residency import route_for
    >>> route = route_for(ClaudeSettings(residency="geo"), "ap-northeast-1")
    >>> resources_of(route)[0]
    'arn:aws:bedrock:ap-northeast-1:ACCOUNT:inference-profile/jp.anthropic.claude-sonnet-4-6'
    """
    partition = _partition(route.region)
    base = route.model.id
    arns = []
    if route.id.startswith("arn:"):
        arns.append(route.id)
    elif route.id != base:
        arns.append(
            f"arn:{partition}:bedrock:{route.region}:{account}:inference-profile/{route.id}"
        )
    # Where a profile leads everywhere, the model's ARN is asked for without a region too.
    regions = ("", route.region) if EVERYWHERE in route.regions else route.regions
    arns += [f"arn:{partition}:bedrock:{region}::foundation-model/{base}" for region in regions]
    return arns


@dataclass(frozen=True, slots=True)
class AccountHints:
    """What can be said of a fault, given how the call was made and what Bedrock said."""

    route: Route
    settings: ClaudeSettings
    words: str

    def renew(self) -> str:
        """Say what to do about credentials that have expired."""
        profile = self.settings.profile or os.environ.get("AWS_PROFILE")
        login = f"aws sso login --profile {profile}" if profile else "aws sso login"
        return f"Sign in again ({login}), or renew the session's keys; then run it again."

    def keys(self) -> str:
        """Say what to do about credentials that are missing or wrong."""
        lower = self.words.lower()
        if "signature" in lower and ("expired" in lower or "not yet current" in lower):
            return "Set the clock of this machine: signatures hold for some minutes."
        return (
            "Set AWS_PROFILE, or profile in [claude] of mirrorbi.toml; or run where a role is "
            "given. aws sts get-caller-identity  shows who you are."
        )

    def access(self) -> str:
        """Say what to do about a call that is not allowed."""
        lower = self.words.lower()
        if "service control policy" in lower:
            return (
                "A service control policy of the organisation denies it: every region that "
                f"the profile reaches must be allowed ({', '.join(self.route.regions)})."
            )
        if "vpc endpoint policy" in lower:
            return f"Allow {ACTION} in the policy of the VPC endpoint."
        if "use case" in lower or "model access" in lower or "access to the model" in lower:
            return (
                "Open the model in the Bedrock console once with a role that may subscribe, "
                "and fill in Anthropic's use-case form."
            )
        if "marketplace" in lower:
            return (
                "The first call of an account subscribes to the model: let a role with "
                "aws-marketplace:Subscribe and ViewSubscriptions call it once."
            )
        named = re.search(r"perform:? (bedrock:\w+)", self.words)
        actions = dict.fromkeys([ACTION, *([named[1]] if named else [])])
        resources = ", ".join(resources_of(self.route))
        return f"Allow {' and '.join(actions)} on {resources}. docs/bedrock.md has the policy."

    def quota(self) -> str:
        """Say what to do about load and quotas."""
        return (
            "Wait, run fewer reports at a time, or ask AWS for more: Service Quotas, Amazon "
            f"Bedrock, tokens and requests per minute of {self.route.model.label}."
        )

    def model(self) -> str:
        """Say what to do about a model that is not served."""
        model = self.route.model
        if model.successor:
            return f'Set model = "{model.successor}" in [claude] of mirrorbi.toml.'
        return (
            f"mirrorbi models --check  shows what this account can call from {self.route.region}; "
            "model and region are set in [claude] of mirrorbi.toml."
        )

    def profile(self) -> str:
        """Say what to do about a model that is not served without a profile."""
        model, _ = find_model(self.route.model.name, self.settings.models)
        through = [r for r in routes_of(model, self.route.region) if r.id != self.route.model.id]
        if not through:
            return self.model()
        ways = " or ".join(f'{r.id} (residency = "{r.reach}")' for r in through)
        return f"Call it through {ways}: set model and residency in [claude] of mirrorbi.toml."

    def network(self) -> str:
        """Say what to do about an endpoint that cannot be reached."""
        if self.settings.endpoint or os.environ.get("AWS_ENDPOINT_URL_BEDROCK_RUNTIME"):
            return (
                "Check endpoint in [claude] of mirrorbi.toml and AWS_ENDPOINT_URL_BEDROCK_RUNTIME: "
                "the VPC endpoint's name, its security group (443), and private DNS."
            )
        return (
            f"Check the network and region ({self.route.region}). In a VPC without internet, "
            f"make an interface endpoint for com.amazonaws.{self.route.region}.bedrock-runtime."
        )

    def general(self) -> str:
        """Say what to do about the rest."""
        name = self.route.model.name
        return (
            f'If the model cannot do what was asked, say so: [claude.models."{name}"] in '
            "mirrorbi.toml. mirrorbi models  shows what the table says."
        )


def _partition(region: str) -> str:
    if region.startswith("us-gov-"):
        return "aws-us-gov"
    return "aws-cn" if region.startswith("cn-") else "aws"
