"""`remora inject`: its arguments, and the two things it does: the webhook, and one renewal of the webhook's certificate."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

from . import __version__

FOLDER = "/var/run/remora-injector/tls"
TEMPLATE = "/etc/remora-injector/template.yaml"
OF_RENEWAL = ("namespace", "secret", "service", "webhook_configuration")


def add_inject_arguments(parser: argparse.ArgumentParser) -> None:
    """What the chart says to it."""
    parser.add_argument(
        "--template", metavar="FILE", default=TEMPLATE, help="the sidecar's container, as the chart has it"
    )
    parser.add_argument("--certificates", metavar="DIR", default=FOLDER, help="holds tls.crt and tls.key")
    parser.add_argument(
        "--listen", metavar="HOST:PORT", default="0.0.0.0:8443", help="where the API server asks, over TLS"
    )
    parser.add_argument("--listen-probe", metavar="HOST:PORT", default="0.0.0.0:8080", help="where the kubelet probes")
    parser.add_argument("--log-level", choices=("debug", "info", "warning", "error"), default="info")
    parser.add_argument(
        "--renew-certificate", action="store_true", help="renew the certificate where it is due, and end"
    )
    parser.add_argument("--namespace", help="with --renew-certificate: of the Secret and the Service")
    parser.add_argument("--secret", help="with --renew-certificate: where the certificate is kept")
    parser.add_argument("--service", help="with --renew-certificate: whose name the certificate is for")
    parser.add_argument("--webhook-configuration", help="with --renew-certificate: what must trust it")


def run_inject(parsed: argparse.Namespace) -> int:
    """Serves until SIGTERM, or renews once. Exit code 1 for a failure that was said, 2 for arguments that are missing."""
    if parsed.renew_certificate:
        return _renew(parsed)
    from .injector import webhook

    return asyncio.run(
        webhook.serve(
            parsed.template,
            parsed.certificates,
            address=parsed.listen,
            probe_address=parsed.listen_probe,
            log_level=parsed.log_level,
            version=__version__,
        )
    )


def _renew(parsed: argparse.Namespace) -> int:
    lacking = ["--" + name.replace("_", "-") for name in OF_RENEWAL if not getattr(parsed, name)]
    if lacking:
        print(f"--renew-certificate needs {', '.join(lacking)}", file=sys.stderr)
        return 2
    from .injector import renewal

    target = renewal.Target(parsed.namespace, parsed.secret, parsed.service, parsed.webhook_configuration)
    return asyncio.run(renewal.renew(target, os.environ, parsed.log_level))
