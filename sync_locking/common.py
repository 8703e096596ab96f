"""Stand in for the package ../common, so that scripts find it wherever the project lies."""

from pathlib import Path

__path__ = [str(Path(__file__).resolve().parent.parent / "common")]
source = Path(__path__[0], "__init__.py")
exec(compile(source.read_text(), source, "exec"))
