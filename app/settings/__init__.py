"""The only reader of `fretwatch.toml`, of `policies/*.toml` and of the environment. Domain values come out."""

from app.settings.configuration import Configuration
from app.settings.loading import load
from app.settings.policies import load_policy
from app.settings.secret import ensure_master_key, master_key

__all__ = ["Configuration", "ensure_master_key", "load", "load_policy", "master_key"]
