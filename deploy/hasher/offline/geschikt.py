"""Says whether this Python can run the hasher: prints where it is, or why it cannot.

Both install scripts start this with every Python that they find; an old one gets an answer too.
"""

import platform
import sys
import sysconfig
from importlib.util import find_spec

PLATFORMS = ("win-amd64", "linux-x86_64")
OLDEST, NEWEST = (3, 11), (3, 13)
GLIBC = (2, 28)


def objection() -> str:
    """Why this Python cannot be used, in Dutch; empty when it can."""
    if not OLDEST <= tuple(sys.version_info[:2]) <= NEWEST:
        return "nodig is 3.11, 3.12 of 3.13"
    if sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "nodig is de gewone uitvoering van Python (CPython)"
    if sysconfig.get_platform() not in PLATFORMS:
        return f"nodig is 64-bits x86, dit is {sysconfig.get_platform()}"
    if "\\windowsapps\\" in sys.base_prefix.lower():
        return "Python uit de Microsoft Store schrijft in een map die andere programma's niet zien"
    if sysconfig.get_platform().startswith("linux") and _glibc() < GLIBC:
        return "nodig is een systeem met glibc 2.28 of nieuwer"
    for module in ("venv", "ensurepip"):
        if find_spec(module) is None:
            return f"de module {module} ontbreekt (op Debian en Ubuntu: pakket python3-venv)"
    return ""


def _glibc() -> "tuple[int, ...]":
    name, found = platform.libc_ver()
    return tuple(int(part) for part in found.split(".")[:2]) if name == "glibc" else (0,)


if __name__ == "__main__":
    reason = objection()
    if reason:
        sys.stderr.write(f"  Python {platform.python_version()}: {reason}\n")
        sys.exit(1)
    sys.stdout.write(sys.executable + "\n")
