"""Brokers of Kafka in one process: librdkafka's mock cluster, with topics, groups and faults by command.

Its argument is a number of brokers, or the address of one that runs already. It prints the addresses, and
then "ok" for each line of its input that it has carried out. It ends with its input. Events are produced
and offsets are committed by a real client.
"""

import ctypes
import functools
import glob
import os
import sys

import confluent_kafka
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

LIBRARY = os.path.join(
    os.path.dirname(confluent_kafka.__file__), "..", "confluent_kafka.libs", "librdkafka*"
)
rd = ctypes.CDLL(glob.glob(LIBRARY)[0])
for name, result, arguments in [
    ("rd_kafka_conf_new", "p", ""),
    ("rd_kafka_conf_set", "i", "psssz"),
    ("rd_kafka_new", "p", "ipsz"),
    ("rd_kafka_mock_cluster_new", "p", "pi"),
    ("rd_kafka_mock_cluster_bootstraps", "s", "p"),
    ("rd_kafka_mock_topic_create", "i", "psii"),
    ("rd_kafka_mock_topic_delete", "i", "ps"),
    ("rd_kafka_mock_partition_set_leader", "i", "psii"),
    ("rd_kafka_mock_coordinator_set", "i", "pssi"),
    ("rd_kafka_mock_broker_set_down", "i", "pi"),
    ("rd_kafka_mock_broker_set_up", "i", "pi"),
    ("rd_kafka_mock_broker_set_rtt", "i", "pii"),
    ("rd_kafka_mock_broker_set_host_port", "i", "pisi"),
    ("rd_kafka_mock_push_request_errors_array", None, "phza"),
]:
    kinds = {
        "p": ctypes.c_void_p,
        "s": ctypes.c_char_p,
        "i": ctypes.c_int,
        "h": ctypes.c_int16,
        "z": ctypes.c_size_t,
        "a": ctypes.POINTER(ctypes.c_int),
    }
    function = getattr(rd, name)
    function.restype = kinds.get(result)
    function.argtypes = [kinds[kind] for kind in arguments]

bootstrap, cluster = sys.argv[1], None
if bootstrap.isdigit():
    settings = rd.rd_kafka_conf_new()
    rd.rd_kafka_conf_set(settings, b"log_level", b"3", None, 0)
    handle = rd.rd_kafka_new(0, settings, None, 0)
    cluster = rd.rd_kafka_mock_cluster_new(handle, int(bootstrap))
    bootstrap = rd.rd_kafka_mock_cluster_bootstraps(cluster).decode()


def create(topic, partitions):
    if cluster:
        call("topic_create", topic, partitions, "1")
        return
    new = NewTopic(topic, num_partitions=int(partitions), replication_factor=1)
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([new])[topic].result(20)


@functools.cache
def producer():
    return Producer({"bootstrap.servers": bootstrap, "log_level": 0})


@functools.cache
def consumer(group):
    return Consumer({"bootstrap.servers": bootstrap, "group.id": group, "log_level": 0})


def produce(topic, partition, count):
    for _ in range(int(count)):
        producer().produce(topic, b"event", partition=int(partition))
        # Each in a batch of its own: tansu takes the first event of the last batch for the last event.
        assert producer().flush(20) == 0, "not delivered"


def commit(group, topic, partition, offset):
    offsets = [TopicPartition(topic, int(partition), int(offset))]
    committed = consumer(group).commit(offsets=offsets, asynchronous=False)
    assert committed[0].error is None, committed[0].error


def fail(key, code, count):
    """The next `count` requests of this number are answered with this error."""
    codes = (ctypes.c_int * int(count))(*([int(code)] * int(count)))
    rd.rd_kafka_mock_push_request_errors_array(cluster, int(key), len(codes), codes)


def call(name, *arguments):
    """A function of the mock cluster, by the end of its name."""
    given = [argument.encode() if not argument.isdigit() else int(argument) for argument in arguments]
    error = getattr(rd, f"rd_kafka_mock_{name}")(cluster, *given)
    assert error == 0, f"{name}: error {error}"


COMMANDS = {"create": create, "produce": produce, "commit": commit, "fail": fail}
print(bootstrap, flush=True)
for line in sys.stdin:
    name, *arguments = line.split()
    if name in COMMANDS:
        COMMANDS[name](*arguments)
    else:
        call(name, *arguments)
    print("ok", flush=True)
