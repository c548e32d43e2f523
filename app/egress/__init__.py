"""All outgoing HTTP: the address guard, the size cap, the total deadline. Collectors and delivery go through here."""

from app.egress.client import USER_AGENT, Answer, Egress

__all__ = ["USER_AGENT", "Answer", "Egress"]
