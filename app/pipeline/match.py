"""Match: which brands a post is about, and whether a brand wrote it itself."""

from collections.abc import Iterable, Mapping
from typing import Final

from app.domain.brands import Brand
from app.domain.posts import Post
from app.domain.query import Matcher, brand_matcher, words_of
from app.pipeline.batch import Item

CUSTOMER: Final = "customer"
REPLY: Final = "reply"


class Match:
    """Asks each brand's query, unless the input names the brand itself; knows the brands' own handles."""

    def __init__(self, brands: Iterable[Brand]) -> None:
        self._brands: dict[str, Brand] = {brand.slug: brand for brand in brands}
        self._matchers: dict[str, Matcher] = {slug: brand_matcher(brand) for slug, brand in self._brands.items()}
        self._handles = _handles(self._brands)

    def run(self, item: Item) -> None:
        """Set the mentions of the item; none at all means that no watched brand is meant."""
        author_of = self._written_by(item.post)
        if author_of is not None:
            item.brands = ((author_of, REPLY),) if author_of in self._brands else ()
            return
        item.brands = tuple((slug, CUSTOMER) for slug in self._meant(item))

    def _meant(self, item: Item) -> list[str]:
        post = item.post
        if post.brands:
            unknown = [slug for slug in post.brands if slug not in self._brands]
            if unknown:
                item.refused = (
                    f"no brand {unknown[0]!r} is watched; add it to fretwatch.toml and run `fretwatch apply`, "
                    f"or name one of: {', '.join(sorted(self._brands)) or 'none yet'}"
                )
            return [slug for slug in post.brands if slug in self._brands]
        words = words_of(f"{post.title or ''} {post.text}")
        return [slug for slug, matches in self._matchers.items() if matches(words)]

    def _written_by(self, post: Post) -> str | None:
        if post.by_brand and post.brands:
            return post.brands[0]
        handle = post.author.handle
        return None if handle is None else self._handles.get(bare_handle(handle))


def bare_handle(handle: str) -> str:
    """A handle as it is compared: "@Northwind" and "northwind" are one."""
    return handle.lower().lstrip("@")


def _handles(brands: Mapping[str, Brand]) -> dict[str, str]:
    return {
        bare_handle(handle): slug
        for slug, brand in brands.items()
        for names in brand.handles.values()
        for handle in names
    }
