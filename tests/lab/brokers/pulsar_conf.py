"""The configuration of Pulsar's parts: the distribution's own files, with small memory and the lab's places."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.lab.brokers.tokens import SUPERUSERS

Values = dict[str, object]  # None removes the key

_ANY = "0.0.0.0"  # noqa: S104 - within the namespace of a pod

BOOKIE: Values = {
    "bookiePort": 3181, "listeningInterface": "eth0", "allowLoopback": "false",
    "zkServers": None, "zkLedgersRootPath": None,  # they would win over metadataServiceUri
    # One port for both: else a second server is opened for the metrics.
    "httpServerEnabled": "true", "httpServerPort": 8000, "prometheusStatsHttpPort": 8000, "httpServerHost": _ANY,
    "autoRecoveryDaemonEnabled": "true", "lostBookieRecoveryDelay": 0, "openLedgerRereplicationGracePeriod": 3000,
    # For so long a ledger stays marked under-replicated after an attempt that failed; the default is 300 s.
    "lockReleaseOfFailedLedgerGracePeriod": 10000,
    "diskUsageThreshold": "0.99", "diskUsageLwmThreshold": "0.98", "minUsableSizeForIndexFileCreation": 1048576,
    "minUsableSizeForEntryLogCreation": 1048576, "journalMaxSizeMB": 64, "journalPreAllocSizeMB": 4,
    "logSizeLimit": 67108864, "entryLogFilePreallocationEnabled": "false", "flushInterval": 10000,
    "dbStorage_writeCacheMaxSizeMb": 16, "dbStorage_readAheadCacheMaxSizeMb": 8,
    "dbStorage_rocksDB_blockCacheSize": 8388608, "dbStorage_rocksDB_writeBufferSizeMB": 4, "numReadWorkerThreads": 1,
    "numHighPriorityWorkerThreads": 1, "numJournalCallbackThreads": 1, "serverNumIOThreads": 2,
}  # fmt: skip
BROKER: Values = {
    "proxyRoles": "proxy-admin", "bindAddress": _ANY, "brokerServicePort": 6650, "webServicePort": 8080,
    "managedLedgerDefaultEnsembleSize": 2, "managedLedgerDefaultWriteQuorum": 2, "managedLedgerDefaultAckQuorum": 2,
    "managedLedgerCacheSizeMB": 16, "numIOThreads": 2, "numHttpServerThreads": 8, "numExecutorThreadPoolSize": 2,
    "numOrderedExecutorThreads": 2, "bookkeeperClientNumWorkerThreads": 2, "bookkeeperClientNumIoThreads": 2,
    "managedLedgerNumSchedulerThreads": 2, "numCacheExecutorThreadPoolSize": 2,
    "brokerDeleteInactiveTopicsEnabled": "false", "brokerShutdownTimeoutMs": 10000,
    "loadBalancerReportUpdateMaxIntervalMinutes": 1, "zooKeeperSessionTimeoutMillis": 15000,
    "metadataStoreSessionTimeoutMillis": 15000,
    "statsUpdateFrequencyInSecs": 5,  # how old the page of all topics may be; the default is 60
}  # fmt: skip
PROXY: Values = {
    "forwardAuthorizationCredentials": "true", "bindAddress": _ANY, "servicePort": 6650, "webServicePort": 80,
    "numIOThreads": 2, "brokerProxyAllowedTargetPorts": 6650,
}  # fmt: skip
FUNCTIONS_SPACE = "public/functions"
"""A functions worker makes it, and keeps in its topics who runs what."""
_OPENS = (
    "java.base/java.io", "java.base/java.util.zip", "java.base/java.nio", "java.base/java.lang",
    "java.base/jdk.internal.misc", "java.base/jdk.internal.platform", "java.base/sun.net",
    "java.management/sun.management", "jdk.management/com.sun.management.internal",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one JVM, in MB."""

    heap: int = 256
    direct: int = 128


def java(distribution: Path, command: Sequence[object], memory: Memory, *, level: str = "info") -> list[str]:
    """A JVM with the flags of the distribution's own script; `command` is a class and its arguments."""
    log = Path(__file__).with_name("pulsar.log4j2.properties")
    return [
        "java", "-Xms64m", f"-Xmx{memory.heap}m", f"-XX:MaxDirectMemorySize={memory.direct}m", "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError", "-Djava.net.preferIPv4Stack=true",
        "-Djute.maxbuffer=10485760", "-Dio.netty.tryReflectionSetAccessible=true",
        "-Dorg.apache.pulsar.shade.io.netty.tryReflectionSetAccessible=true", "-Dpulsar.allocator.exit_on_oom=true",
        "-Dio.netty.recycler.maxCapacityPerThread=1024", "-Dlog4j2.is.webapp=false",
        "-Dzookeeper.snapshot.trust.empty=true", f"-Dlog4j.configurationFile={log}", f"-Dlab.log.level={level}",
        *(f"--add-opens={module}=ALL-UNNAMED" for module in _OPENS), "-cp", f"{distribution}/lib/*",
        *map(str, command),
    ]  # fmt: skip


def write(target: Path, base: Path, values: Values) -> Path:
    """The base with these values instead. Not behind it: BookKeeper reads a key that is given twice as a list."""
    target.parent.mkdir(parents=True, exist_ok=True)
    lines = [line for line in base.read_text().splitlines() if line.strip() and not line.startswith("#")]
    kept = [line for line in lines if line.partition("=")[0].strip() not in values]
    target.write_text("\n".join([*kept, *(f"{key}={value}" for key, value in values.items() if value is not None)]))
    return target


def functions_worker(own: Path, examples: Path) -> Path:
    """The configuration of a functions worker in a broker, which tells it the rest; functions are its threads.

    A jar in the folder `examples` is named and not uploaded.
    """
    own.mkdir(parents=True, exist_ok=True)
    package = "org.apache.pulsar.functions"
    values: Values = {
        "pulsarFunctionsCluster": "pulsar", "pulsarFunctionsNamespace": FUNCTIONS_SPACE,
        "functionMetadataTopicName": "metadata", "clusterCoordinationTopicName": "coordinate",
        "functionAssignmentTopicName": "assignments", "numFunctionPackageReplicas": 2,
        "schedulerClassName": f"{package}.worker.scheduler.RoundRobinScheduler",
        "functionRuntimeFactoryClassName": f"{package}.runtime.thread.ThreadRuntimeFactory",
        "functionRuntimeFactoryConfigs": {"threadGroupName": "functions"},
        "failureCheckFreqMs": 30000, "rescheduleTimeoutMs": 60000, "initialBrokerReconnectMaxRetries": 60,
        "assignmentWriteMaxRetries": 60, "instanceLivenessCheckFreqMs": 5000, "topicCompactionFrequencySec": 1800,
        "downloadDirectory": str(own / "functions"), "narExtractionDirectory": str(own / "unpacked"),
        "functionsDirectory": str(examples), "connectorsDirectory": str(own / "connectors"),
    }  # fmt: skip
    target = own / "functions_worker.yml"
    target.write_text(json.dumps(values, indent=1))  # which is YAML, too
    return target


def authentication(keys: Path, role: str, store: str) -> Values:
    """Of a broker or a proxy that acts as `role`; `store` is the ZooKeepers' addresses."""
    return {
        "authenticationEnabled": "true", "authorizationEnabled": "true",
        "authenticationProviders": "org.apache.pulsar.broker.authentication.AuthenticationProviderToken",
        "tokenPublicKey": f"file://{keys / 'public.der'}", "superUserRoles": ",".join(SUPERUSERS),
        "brokerClientAuthenticationPlugin": "org.apache.pulsar.client.impl.auth.AuthenticationToken",
        "brokerClientAuthenticationParameters": f"file://{keys / role}.jwt",
        "zookeeperServers": None, "configurationStoreServers": None,  # in 2.10 they win although empty
        "metadataStoreUrl": f"zk:{store}", "configurationMetadataStoreUrl": f"zk:{store}",
    }  # fmt: skip
