"""An audit as a person or a program reads it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pandas as pd

from hyperpipe.provenance.audit import Audit


def audit_page(audit: Audit) -> str:
    """Markdown: a row a stage, what is broken and where, and a last line that says whether all holds."""
    at, resting = audit.broken()
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for path, record in audit.records.items():
        row = counts[record.stage if record else "unknown"]
        row[0] += 1
        row[2 if path in at else 3 if path in resting else 1] += 1
    stages = pd.DataFrame.from_dict(counts, "index", columns=["Files", "Hold", "Broken", "Rest on a break"])
    parts = [stages.sort_index().rename_axis("Stage").to_markdown()]
    for broken, title in ((True, "Broken"), (False, "Good to know")):
        found = [(f.path, f.link, f.what) for f in audit.all_findings if f.broken == broken]
        if found:
            frame = pd.DataFrame(sorted(found), columns=[title, "Link", "What"])
            parts.append(frame.to_markdown(index=False))
    files, raw = len(audit.records), len(audit.raw)
    chain = f"{files} files, down to {raw} from outside the workflow"
    said = "all holds" if audit.holds else f"{len(at)} broken, {len(resting)} rest on these"
    return "\n\n".join([*parts, f"{chain}: {said}."])


def audit_facts(audit: Audit) -> dict[str, Any]:
    """For programs: whether all holds, and of each file its stage, its state and what was found."""
    at, resting = audit.broken()
    files = [
        {
            "path": path,
            "stage": record.stage if record else None,
            "state": "broken" if path in at else "rests on a break" if path in resting else "holds",
            "findings": [{"link": f.link, "what": f.what, "broken": f.broken} for f in audit.findings[path]],
        }
        for path, record in sorted(audit.records.items())
    ]
    return {"holds": audit.holds, "files": files, "raw": sorted(audit.raw)}
