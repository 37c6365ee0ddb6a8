"""Which sets of a platform are RabbitMQ, by what the charts and the operator really make."""

from __future__ import annotations

import pytest

from console.plugin import Container, ServerSet
from plugins.rabbitmq.config import Named, Settings
from plugins.rabbitmq.finding import instance_name, is_broker, search
from tests.plugins.rabbitmq.ground import Ground

OLD_CHART = ServerSet(
    "kube-system",
    "my-rabbitmq-ha",
    "StatefulSet",
    labels={"app": "rabbitmq-ha", "release": "my-rabbitmq-ha", "heritage": "Tiller"},
    service="my-rabbitmq-ha-discovery",
    replicas=3,
    containers=(
        Container("rabbitmq-ha", "harbor.example.com/library/rabbitmq:3.7.12-alpine", (4369, 5672, 15672)),
        Container("rabbitmq-ha-exporter", "kbudde/rabbitmq-exporter:v0.29.0", (9090,)),
    ),
)
OPERATOR = ServerSet(
    "shop",
    "orders-server",
    "StatefulSet",
    labels={"app.kubernetes.io/name": "orders", "app.kubernetes.io/part-of": "rabbitmq"},
    containers=(Container("rabbitmq", "rabbitmq:3.13.7-management", (4369, 5672, 15672, 15692)),),
)
BITNAMI = ServerSet(
    "shop",
    "carts-rabbitmq",
    "StatefulSet",
    labels={"app.kubernetes.io/name": "rabbitmq", "app.kubernetes.io/instance": "carts"},
    containers=(Container("rabbitmq", "mirror.example.com/broker@sha256:0a1b", (5672, 4369, 25672, 15672)),),
)
OTHERS = (
    ServerSet("shop", "exporter", "Deployment", containers=(Container("e", "kbudde/rabbitmq-exporter:v1", (9419,)),)),
    ServerSet(
        "shop", "op", "Deployment", containers=(Container("op", "rabbitmqoperator/cluster-operator:2.9", (9782,)),)
    ),
    ServerSet("shop", "kafka", "StatefulSet", containers=(Container("kafka", "strimzi/kafka:0.40", (9092,)),)),
    ServerSet(
        "shop", "client", "Deployment", labels={"app": "rabbitmq-client"}, containers=(Container("c", "app:1", (80,)),)
    ),
)


@pytest.mark.parametrize("one", [OLD_CHART, OPERATOR, BITNAMI], ids=lambda one: one.name)
def test_brokers_of_charts_and_operator_are_found(one: ServerSet) -> None:
    assert is_broker(one)


@pytest.mark.parametrize("one", OTHERS, ids=lambda one: one.name)
def test_what_only_talks_about_rabbitmq_is_not_a_broker(one: ServerSet) -> None:
    assert not is_broker(one)


def test_the_operators_set_is_called_by_its_cluster() -> None:
    assert [instance_name(one) for one in (OLD_CHART, OPERATOR, BITNAMI)] == [
        "my-rabbitmq-ha",
        "orders",
        "carts-rabbitmq",
    ]


async def test_each_set_is_an_instance_with_what_the_configuration_says_of_it() -> None:
    named = Named(name="shop/orders", username="monitor", password_env="PW")
    found = await search(Settings((named,)), Ground(sets_=(OLD_CHART, OPERATOR, *OTHERS)))
    assert [str(one.id) for one in found] == ["rabbitmq:kube-system/my-rabbitmq-ha", "rabbitmq:shop/orders"]
    assert found[1].settings.named is named
    assert found[0].settings.named == Named(name="kube-system/my-rabbitmq-ha")
