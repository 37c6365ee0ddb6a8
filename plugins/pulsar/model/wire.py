"""Answers of brokers and bookies, as far as they are used; what a version leaves out has a default or None.

Slim on purpose: `broker-stats/topics` has a hundred fields a topic, and decoding straight into these skips the others.
"""

from __future__ import annotations

import msgspec


class Wire(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """Base: camelCase names; unknown fields are skipped."""


class Consumer(Wire, frozen=True, gc=False):
    """One consumer of a subscription in `broker-stats/topics` and `stats`."""

    consumer_name: str = ""
    address: str = ""
    connected_since: str = ""
    client_version: str = ""
    msg_rate_out: float = 0.0
    msg_rate_redeliver: float = 0.0
    available_permits: int | None = None
    unacked_messages: int | None = None
    """Absent for Exclusive and Failover, whose messages are acknowledged in order."""
    blocked_consumer_on_unacked_msgs: bool = False


class Subscription(Wire, frozen=True, gc=False):
    """One subscription; `type` is None where nobody ever subscribed since the topic was loaded."""

    type: str | None = None
    msg_backlog: int = 0
    msg_rate_out: float = 0.0
    msg_rate_redeliver: float = 0.0
    msg_rate_expired: float = 0.0
    unacked_messages: int | None = None
    blocked_subscription_on_unacked_msgs: bool = False
    total_non_contiguous_deleted_messages_range: int | None = None
    consumers: tuple[Consumer, ...] = ()


class Topic(Wire, frozen=True, gc=False):
    """One topic or partition of `broker-stats/topics`."""

    producer_count: int = 0
    msg_rate_in: float = 0.0
    msg_rate_out: float = 0.0
    msg_throughput_in: float = 0.0
    msg_throughput_out: float = 0.0
    storage_size: int | None = None
    """None for non-persistent topics."""
    backlog_size: int | None = None
    pending_add_entries_count: int = 0
    subscriptions: dict[str, Subscription] = {}


Bundle = dict[str, dict[str, Topic]]
"""Persistence (`persistent`, `non-persistent`) -> topic's full name -> its numbers."""


class Usage(Wire, frozen=True, gc=False):
    """How much of a resource is used, in its own unit (percent, MB)."""

    usage: float = 0.0
    limit: float = 0.0


class BundleLoad(Wire, frozen=True, gc=False):
    """One bundle in a load report."""

    topics: int = 0
    consumer_count: int = 0
    producer_count: int = 0
    msg_rate_in: float = 0.0
    msg_rate_out: float = 0.0
    msg_throughput_in: float = 0.0
    msg_throughput_out: float = 0.0


class LoadReport(Wire, frozen=True, gc=False):
    """`/admin/v2/broker-stats/load-report`: who the broker is and what it carries."""

    web_service_url: str | None = None
    web_service_url_tls: str | None = None
    pulsar_service_url: str | None = None
    broker_version_string: str = ""
    start_timestamp: int = 0
    """Epoch milliseconds; absent before 2.9."""
    last_update: int = 0
    load_manager_class_name: str = ""
    cpu: Usage | None = None
    memory: Usage | None = None
    direct_memory: Usage | None = None
    num_topics: int = 0
    num_bundles: int = 0
    num_consumers: int = 0
    num_producers: int = 0
    msg_rate_in: float = 0.0
    msg_rate_out: float = 0.0
    msg_throughput_in: float = 0.0
    msg_throughput_out: float = 0.0
    bundles: tuple[str, ...] = ()
    last_stats: dict[str, BundleLoad] = {}


class Leader(Wire, frozen=True, gc=False):
    """`/admin/v2/brokers/leaderBroker`."""

    service_url: str = ""


class Tenant(Wire, frozen=True, gc=False):
    """`/admin/v2/tenants/TENANT`."""

    admin_roles: tuple[str, ...] | None = None
    allowed_clusters: tuple[str, ...] | None = None


class Retention(Wire, frozen=True, gc=False):
    """-1: for ever; 0: nothing is kept that is acknowledged."""

    retention_time_in_minutes: int = 0
    retention_size_in_mb: int = msgspec.field(name="retentionSizeInMB", default=0)


class Quota(Wire, frozen=True, gc=False):
    """One backlog quota; before 2.8 the size is `limit` alone."""

    limit: int | None = None
    limit_size: int | None = None
    limit_time: int | None = None
    policy: str | None = None


class Persistence(Wire, frozen=True, gc=False):
    """How many bookies a ledger of the namespace is written to."""

    bookkeeper_ensemble: int = 0
    bookkeeper_write_quorum: int = 0
    bookkeeper_ack_quorum: int = 0


class Bundles(Wire, frozen=True, gc=False):
    """The namespace's slices of the hash ring."""

    num_bundles: int = 0
    boundaries: tuple[str, ...] = ()


class _AuthPolicies(msgspec.Struct, frozen=True, gc=False):
    namespace_auth: dict[str, tuple[str, ...]] | None = None


class Policies(msgspec.Struct, frozen=True, gc=False):
    """`/admin/v2/namespaces/TENANT/NAMESPACE`: all policies in one answer. Its names have underscores."""

    bundles: Bundles | None = None
    backlog_quota_map: dict[str, Quota] | None = None
    retention_policies: Retention | None = None
    message_ttl_in_seconds: int | None = None
    persistence: Persistence | None = None
    replication_clusters: tuple[str, ...] | None = None
    auth_policies: _AuthPolicies | None = None
    deduplication_enabled: bool | None = msgspec.field(name="deduplicationEnabled", default=None)
    deleted: bool = False


class _Failover(msgspec.Struct, frozen=True, gc=False):
    parameters: dict[str, str] | None = None


class Isolation(msgspec.Struct, frozen=True, gc=False):
    """One of `/admin/v2/clusters/CLUSTER/namespaceIsolationPolicies`: regular expressions of namespaces and brokers."""

    namespaces: tuple[str, ...] = ()
    primary: tuple[str, ...] = ()
    secondary: tuple[str, ...] = ()
    auto_failover_policy: _Failover | None = None

    @property
    def least(self) -> str:
        """How many primary brokers must be there, else the secondary ones take over; empty where it is not told."""
        told = self.auto_failover_policy
        return (told.parameters or {}).get("min_limit", "") if told is not None else ""


class BookieState(Wire, frozen=True, gc=False):
    """`/api/v1/bookie/state` (BookKeeper 4.10+)."""

    running: bool = False
    read_only: bool = False
    shutting_down: bool = False
    available_for_high_priority_writes: bool | None = None


class BookieSpace(Wire, frozen=True, gc=False):
    """`/api/v1/bookie/info`: bytes of its ledger directories."""

    free_space: int = 0
    total_space: int = 0


class BookieConfig(Wire, frozen=True, gc=False):
    """The keys of `/api/v1/config/server_config` that tell who a bookie is; others may be secret and are skipped."""

    bookie_port: str = "3181"
    bookie_id: str = ""
    advertised_address: str = ""


class Rack(Wire, frozen=True, gc=False):
    """One entry of `/admin/v2/bookies/racks-info`."""

    rack: str = ""
    hostname: str | None = None


class Enabled(Wire, frozen=True, gc=False):
    """`/api/v1/autorecovery/status`."""

    enabled: bool = True


class Assigned(Wire, frozen=True, gc=False):
    """`/admin/v2/worker/cluster`: one functions worker."""

    worker_id: str = ""
    worker_hostname: str = ""
    port: int = 0
