"""`holdfast policy`: read a policy, and see what it would have decided about logged questions."""

from pathlib import Path

from cyclopts import App

from config.policy import Policy, load_policy
from service.console import print_json, safe, say, table
from service.exits import Exit
from service.options import DEFAULTS, HowMany, Options, load, looked_at

app = App(name="policy", help="What is refused whatever the evidence says.")


@app.command
def check(file: Path | None = None, /, *, options: Options = DEFAULTS) -> int:
    """Read a policy and name its version; exits with 2 if it says what no policy can say.

    Args:
        file: The policy; none is the one in force.
        options: Options of every command.
    """
    policy = load_policy(file or load(options).settings.policy.file)
    if options.json:
        print_json({"version": policy.version, "policy": policy.model_dump(mode="json")})
        return Exit.DONE
    say(f"[bold]{safe(policy.version)}[/]: {_demands(policy)}")
    if policy.topics:
        rows = [
            (t.name, t.action.value, len(t.patterns), len(t.examples), ", ".join(t.sources))
            for t in policy.topics
        ]
        table(["topic", "action", "patterns", "examples", "only sources"], rows)
    return Exit.DONE


@app.command(name="dry-run")
def dry_run(
    file: Path | None = None,
    /,
    *,
    limit: HowMany = 1000,
    options: Options = DEFAULTS,
) -> int:
    """Show which logged questions a policy would decide otherwise; nothing is changed.

    Args:
        file: The policy to try; none is the one in force.
        limit: So many of the newest requests are looked at.
        options: Options of every command.
    """
    from indexing.ledger.requests import logged_requests
    from query.policy_preview import Change, preview, summary

    with looked_at(options) as corpus:
        policy = load_policy(file or corpus.settings.policy.file)
        records = logged_requests(corpus.ledger, corpus.settings.tenant, limit)
        needed = records and any(topic.examples for topic in policy.topics)
        found = preview(policy, records, corpus.encoder if needed else None)
    changed = [one for one in found if one.change is not Change.NONE]
    masked = sum(one.masked for one in found)
    if options.json:
        print_json(
            {
                "version": policy.version,
                "requests": len(found),
                "masked": masked,
                "changes": summary(found),
                "changed": [one.to_json() for one in changed],
            }
        )
        return Exit.DONE
    counts = ", ".join(f"{count} {name}" for name, count in summary(found).items() if count)
    say(f"[bold]{safe(policy.version)}[/] over {len(found)} requests: {counts or 'none'}")
    if masked:
        say(f"[yellow]{masked} of them were tried without the personal data that was masked.[/]")
    if changed:
        table(
            ["change", "was", "topics", "question", "why"],
            [
                (c.change.value, c.verdict or "", ", ".join(c.topics), c.question[:60], c.detail)
                for c in changed
            ],
        )
    return Exit.DONE


def _demands(policy: Policy) -> str:
    said = [f"{len(policy.topics)} topics"]
    if policy.languages:
        said.append(f"languages {', '.join(policy.languages)}")
    if policy.least_trust:
        said.append(f"trust {policy.least_trust.value} or more")
    if policy.min_confidence:
        said.append(f"p_answerable from {policy.min_confidence}")
    if policy.max_age_days:
        said.append(f"changed within {policy.max_age_days:g} days")
    said += [f"{quota.requests} requests in {quota.seconds:g} s" for quota in policy.quotas]
    return ", ".join(said)
