"""Who may stand on whom (ARCHITECTURE.md), as visibility lists of the lower layers."""

def _packages(names):
    return ["//%s:__subpackages__" % name for name in names]

ABOVE_NET = _packages([
    "core/connection",
    "core/dialog",
    "core/dispatch",
    "core/engine",
    "core/pool",
    "core/registration",
    "core/tls",
    "core/transaction",
    "server",
    "tests",
])

ABOVE_EVENT = _packages(["core/net"]) + ABOVE_NET

# Production implementations are named only where a process is put together.
ASSEMBLERS = _packages([
    "core/engine",
    "server",
    "tests",
])
