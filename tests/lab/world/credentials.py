"""The certificates, kubeconfigs and static tokens of a lab: made once, worth nothing outside of its namespace."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.lab.world.place import LabError, Place

VIEWER_TOKEN = "lab-viewer-token"
_API_NAMES = "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.0.0.1"


def prepare(place: Place) -> None:
    """Make everything, if it was not made."""
    if place.viewer_kubeconfig.exists():
        return
    for folder in (place.pki, place.data, place.logs, place.pids):
        folder.mkdir(parents=True, exist_ok=True)
    _authority(place.pki)
    _openssl(place.pki, "genrsa", "-out", "sa.key", "2048")
    _openssl(place.pki, "rsa", "-in", "sa.key", "-pubout", "-out", "sa.pub")
    certificate(place.pki, "apiserver", "/CN=kube-apiserver", _API_NAMES)
    certificate(place.pki, "kubelet", "/CN=kubelet", "DNS:localhost,IP:127.0.0.1")
    certificate(place.pki, "admin", "/O=system:masters/CN=admin")
    (place.pki / "tokens.csv").write_text(f'{VIEWER_TOKEN},lab-viewer,lab-viewer,"lab:viewers"\n')
    admin = {"client-certificate": str(place.pki / "admin.crt"), "client-key": str(place.pki / "admin.key")}
    _kubeconfig(place, place.kubeconfig, admin)
    _kubeconfig(place, place.viewer_kubeconfig, {"token": VIEWER_TOKEN})


def certificate(pki: Path, name: str, subject: str, alternatives: str = "") -> None:
    """Issue one certificate from the lab's authority: NAME.crt and NAME.key in its folder."""
    request = ("-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject)
    _openssl(pki, "req", *request)
    extension = f"subjectAltName={alternatives}\n" if alternatives else "basicConstraints=CA:FALSE\n"
    (pki / f"{name}.ext").write_text(extension)
    signing = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3650", "-extfile", f"{name}.ext")
    _openssl(pki, "x509", "-req", "-in", f"{name}.csr", *signing, "-out", f"{name}.crt")


def _authority(pki: Path) -> None:
    usage = "keyUsage=critical,digitalSignature,keyCertSign,cRLSign"
    key = ("-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-days", "3650")
    _openssl(pki, "req", "-x509", *key, "-subj", "/CN=lab-ca", "-addext", usage)


def _openssl(pki: Path, *arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], cwd=pki, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"openssl {arguments[0]}: {done.stderr.strip()}")


def _kubeconfig(place: Place, file: Path, user: dict[str, str]) -> None:
    cluster = {"server": place.server, "certificate-authority": str(place.pki / "ca.crt")}
    context = {"cluster": "lab", "user": "lab", "namespace": "default"}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lab",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": "lab", "user": user}],
        "contexts": [{"name": "lab", "context": context}],
    }
    file.touch(mode=0o600)
    file.write_text(json.dumps(content, indent=2))
