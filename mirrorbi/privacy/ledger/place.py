"""Which ledger the settings name."""

from __future__ import annotations

from mirrorbi.errors import SettingsError
from mirrorbi.privacy.ledger.file import FileLedger
from mirrorbi.privacy.ledger.s3 import S3Ledger
from mirrorbi.settings import Settings, load_settings


def open_ledger(settings: Settings | None = None) -> FileLedger | S3Ledger:
    """Return the ledger that the settings name. Nothing is made or read yet.

    Parameters
    ----------
    settings
        By default those of the current folder.

    Raises
    ------
    SettingsError
        If the settings are wrong, an ``s3://`` URL names no bucket, or there is no such AWS
        profile.

    Examples
    --------
    >>> open_ledger(Settings(ledger="s3://audit/mirrorbi")).place
    's3://audit/mirrorbi'
    """
    if settings is None:
        settings = load_settings()
    place = str(settings.ledger)
    if not place.startswith("s3://"):
        return FileLedger(place)
    session = None
    if settings.claude.profile:
        import boto3
        from botocore.exceptions import ProfileNotFound

        try:
            session = boto3.Session(profile_name=settings.claude.profile)
        except ProfileNotFound:
            raise SettingsError(
                f"There is no AWS profile {settings.claude.profile!r}.",
                hint="Correct profile in [claude] of mirrorbi.toml, or add it with "
                "'aws configure --profile NAME'.",
            ) from None
    return S3Ledger(place, session, kms_key=settings.ledger_kms_key)
