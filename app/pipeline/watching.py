"""What the recording stages know of the configuration: loaded inside the transaction, kept until the next `apply`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from app.domain.alerts import Endpoint
from app.domain.brands import Brand
from app.domain.messages import ENDPOINT_HEALTH
from app.domain.policies import Policy
from app.storage import configuration
from app.storage.alerts import Announcing
from app.storage.configuration import SourceSight
from app.storage.database import Transaction

_DEFAULT: Final = Policy()
_BLIND: Final = SourceSight(sees_replies=False, answerable=True)


@dataclass(frozen=True, slots=True)
class Watching:
    """Brands, their policies, who is told, and what each source shows."""

    brands: Mapping[str, Brand] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    endpoints: Sequence[Endpoint] = ()
    sights: Mapping[str, SourceSight] = field(default_factory=dict)
    public_url: str = ""
    classifier: str = ""

    @classmethod
    def load(cls, tx: Transaction, *, public_url: str, classifier: str) -> "Watching":
        """As the database has it now."""
        return cls(
            brands=configuration.load_brands(tx),
            policies=configuration.load_policies(tx),
            endpoints=configuration.load_endpoints(tx),
            sights=configuration.load_sights(tx),
            public_url=public_url,
            classifier=classifier,
        )

    def policy_of(self, brand: str) -> Policy:
        """The brand's policy; a default of 24 h and no owner where it names none."""
        known = self.brands.get(brand)
        return _DEFAULT if known is None else self.policies.get(known.policy, _DEFAULT)

    @property
    def policies_by_brand(self) -> dict[str, Policy]:
        """The policy of each brand that is watched."""
        return {slug: self.policy_of(slug) for slug in self.brands}

    def sight_of(self, source: str) -> SourceSight:
        """What can be seen on a source; of an unknown one we say that we see no replies."""
        return self.sights.get(source, _BLIND)

    def announcing(self) -> Announcing:
        """What saving an alert change needs to know."""
        return Announcing(
            endpoints=self.endpoints,
            policies=self.policies_by_brand,
            public_url=self.public_url,
        )


def group_of_case(case_id: str) -> str:
    """The key under which a case has at most one alert that is not resolved."""
    return f"case:{case_id}"


def group_of_stream(brand: str) -> str:
    """The key of a brand's complaint stream."""
    return f"stream:{brand}"


def group_of_digest(brand: str, owner: str | None, visibility: str) -> str:
    """The key of the card of one owner's unanswered queue; what is private has a card of its own."""
    group = f"digest:{brand}:{owner or 'nobody'}"
    return f"{group}:private" if visibility == "private" else group


def group_of_import(source: str, brand: str) -> str:
    """The key of the summary of a first import."""
    return f"import:{source}:{brand}"


def group_of_source(source: str) -> str:
    """The key of a source's health."""
    return f"health:{source}"


def group_of_endpoint(name: str) -> str:
    """The key of an endpoint's health."""
    return f"{ENDPOINT_HEALTH}{name}"
