"""How loud the monitor was over a replayed database: alerts by leg, level and brand-day, with samples to judge.

    FRETWATCH_DATABASE_URL=sqlite:///var/airline.db fretwatch --config examples/airline/fretwatch.toml replay FILE \\
        --mapping examples/airline/mapping.toml
    python -m benchmarks.alerts sqlite:///var/airline.db [--samples 10]

A day is one of the brand's own time zone; an alert counts on the day it opened, a page on the day it became
one. The samples show posts: keep what is printed to yourself.
"""

import argparse
import json
import random
from collections import Counter
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.storage import reports
from app.storage.audit import audit
from app.storage.configuration import load_brands
from app.storage.database import Database
from app.storage.tables import alert, complaint_case, post


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database")
    parser.add_argument("--samples", type=int, default=0)
    options = parser.parse_args()
    database = Database(options.database)
    with database.read() as tx:
        zones = {slug: ZoneInfo(brand.timezone) for slug, brand in load_brands(tx).items()}
        rows = tx.execute(
            select(
                alert.c.brand,
                alert.c.leg,
                alert.c.level,
                alert.c.opened_at,
                alert.c.level_since,
                alert.c.title,
                post.c.text,
            )
            .outerjoin(complaint_case, complaint_case.c.id == alert.c.case_id)
            .outerjoin(post, post.c.id == complaint_case.c.first_post)
        ).all()
        totals = reports.totals(tx)
        audited = audit(tx, database.now())
    days = Counter((row.brand, row.opened_at.astimezone(zones[row.brand]).date()) for row in rows)
    pages = Counter(
        (row.brand, row.level_since.astimezone(zones[row.brand]).date()) for row in rows if row.level == "page"
    )
    result = {
        "posts": totals.posts,
        "complaints": totals.complaints,
        "cases": totals.cases,
        "audit": audited.findings or "clean",
        "alerts": len(rows),
        "by_leg_and_level": {
            f"{leg}/{level}": n for (leg, level), n in Counter((r.leg, r.level) for r in rows).items()
        },
        "most_alerts_a_brand_day": max(days.values(), default=0),
        "mean_alerts_a_brand_day": round(sum(days.values()) / max(1, len(days)), 1),
        "most_pages_a_brand_day": max(pages.values(), default=0),
        "brand_days": len(days),
    }
    print(json.dumps(result, indent=2))
    chance = random.Random(1)
    for row in chance.sample(rows, min(options.samples, len(rows))):
        print(f"\n{row.level:6}{row.leg:8}{row.brand}: {row.title}\n        {row.text or '(no single post)'}")


if __name__ == "__main__":
    main()
