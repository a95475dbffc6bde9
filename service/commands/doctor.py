"""`holdfast doctor`: what is in force, and whether every part works."""

from config.loading import describe
from service.checkup import as_rows, check_all
from service.console import print_json, safe, say, table
from service.exits import Exit
from service.options import DEFAULTS, Options, lacks_home, load, no_home, note


def doctor(*, settings: bool = False, options: Options = DEFAULTS) -> int:
    """Check every part and say what is in force; exits with 1 if anything is wrong.

    Args:
        settings: Also list every option with its value and where it came from.
        options: Options of every command.
    """
    loaded = load(options)
    if lacks_home(loaded.settings):
        note(f"{no_home(loaded)} So nothing is indexed.")
    findings = check_all(loaded.settings)
    in_force = describe(loaded)
    if options.json:
        print_json(
            {
                "sound": all(f.sound for f in findings),
                "findings": list(as_rows(findings)),
                "settings": [
                    {"name": o.name, "value": o.value_text, "origin": o.origin} for o in in_force
                ],
            }
        )
    else:
        for finding in findings:
            mark = "[green]ok  [/]" if finding.sound else "[bold red]FAIL[/]"
            say(f"{mark} {finding.part:<12}{safe(finding.detail)}")
        if settings:
            table(["option", "value", "from"], [(o.name, o.value_text, o.origin) for o in in_force])
    return Exit.DONE if all(f.sound for f in findings) else Exit.FAILED
