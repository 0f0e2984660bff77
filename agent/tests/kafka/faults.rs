//! What goes wrong with a cluster: no sample is made of it, the source says why, and it goes on by itself.

use super::mock::Mock;
use super::servers::{Act, events, free_port, holds_while_blind};
use super::{cluster, section, watch};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::thread;

/// Numbers of requests.
const LIST_OFFSETS: i16 = 2;
const OFFSET_FETCH: i16 = 9;

#[test]
fn a_cluster_that_is_gone_is_missed_and_found_again() {
    let Some(mut mock) = cluster(1) else { return };
    let source = watch(&mock.brokers, "");
    source.wait_for_more(1);
    mock.tell("broker_set_down 1");
    source.wait_until_waiting(&mock.brokers[0]);
    let blind = source.told();
    mock.tell("broker_set_up 1");
    source.wait_until_running();
    let told = source.wait_for_more(1);
    assert_eq!(events(&told), (0.0, 0.0, Some(9.0)));
    assert!(told.len() > blind.len() && source.failures("unreachable") > 0);
}

#[test]
fn nothing_scales_down_while_nothing_is_known() {
    let Some(mut mock) = cluster(1) else { return };
    let section = section(&mock.brokers, "");
    holds_while_blind(&section, |act| match act {
        Act::Live => mock.produce("orders", 0, 3),
        Act::Go => mock.tell("broker_set_down 1"),
        Act::Return => mock.tell("broker_set_up 1"),
    });
}

#[test]
fn brokers_that_are_dead_or_hang_are_passed_over() {
    let Some(mock) = cluster(1) else { return };
    let dead = format!("127.0.0.1:{}", free_port());
    // It takes connections and says nothing.
    let mute = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mute = mute.local_addr().unwrap().to_string();
    let source = watch(&[dead, mute, mock.brokers[0].clone()], "");
    assert_eq!(events(&source.wait_for_more(1)).2, Some(9.0));
}

#[test]
fn a_slow_broker_is_given_up_on_and_asked_again() {
    let Some(mut mock) = cluster(1) else { return };
    let source = watch(&mock.brokers, ", timeout_s: 0.5");
    source.wait_for_more(1);
    mock.tell("broker_set_rtt 1 2000");
    source.wait_until_waiting("no answer within 0.5 s");
    mock.tell("broker_set_rtt 1 0");
    source.wait_until_running();
    mock.produce("orders", 1, 3);
    source.wait_for(|told| events(told) == (3.0, 0.0, Some(12.0)));
}

#[test]
fn leaders_and_coordinators_may_move() {
    let Some(mut mock) = cluster(3) else { return };
    let source = watch(&mock.brokers, "");
    source.wait_for_more(1);
    for broker in 2..=3 {
        mock.tell(&format!("partition_set_leader orders 0 {broker}"));
        mock.tell(&format!("coordinator_set group workers {broker}"));
        let told = source.wait_for_more(2);
        assert_eq!(events(&told), (0.0, 0.0, Some(9.0)));
    }
    // NOT_LEADER_OR_FOLLOWER, COORDINATOR_LOAD_IN_PROGRESS: asked again within a look.
    mock.tell(&format!("fail {LIST_OFFSETS} 6 1"));
    mock.tell(&format!("fail {OFFSET_FETCH} 14 1"));
    let told = source.wait_for_more(2);
    assert_eq!(events(&told), (0.0, 0.0, Some(9.0)));
    assert_eq!(source.failures("unreachable"), 0);
    // Not for ever.
    mock.tell(&format!("fail {OFFSET_FETCH} 16 5"));
    source.wait_until_waiting("group `workers` has another coordinator now");
    source.wait_until_running();
}

#[test]
fn rights_that_are_lacking_are_named() {
    let Some(mut mock) = cluster(1) else { return };
    mock.tell(&format!("fail {OFFSET_FETCH} 30 3"));
    let source = watch(&mock.brokers, "");
    source.wait_until_waiting("group `workers`: the user of `sasl`");
    assert!(source.failures("denied") > 0);
    source.wait_for_more(1);
}

/// Looks come at any moment between the steps, so each is waited for, or comes to the same whenever it is seen.
#[test]
fn a_topic_may_be_absent_and_come_and_be_made_anew() {
    let Some(mut mock) = Mock::start(2) else { return };
    let source = watch(&mock.brokers, ", auto_offset_reset: earliest");
    source.wait_until_waiting("topic `orders` does not exist; check `topics`");
    assert!(source.told().is_empty() && source.failures("absent") > 0);
    mock.tell("create orders 2");
    assert_eq!(events(&source.wait_for_more(1)), (0.0, 0.0, Some(0.0)));
    mock.produce("orders", 0, 100);
    mock.commit("workers", "orders", 0, 100);
    source.wait_for(|told| events(told) == (100.0, 100.0, Some(0.0)));
    mock.tell("topic_delete orders");
    mock.tell("create orders 2");
    mock.produce("orders", 0, 7);
    mock.commit("workers", "orders", 0, 2);
    source.wait_for(|told| events(told) == (107.0, 102.0, Some(5.0)));
}

#[test]
fn a_group_that_never_committed_is_absent() {
    let Some(mut mock) = Mock::start(1) else { return };
    mock.tell("create orders 1");
    mock.produce("orders", 0, 3);
    let source = watch(&mock.brokers, "");
    source.wait_until_waiting("the group has committed nothing; check `group`");
    assert!(source.told().is_empty());
    let fresh = watch(&mock.brokers, ", auto_offset_reset: earliest");
    assert_eq!(events(&fresh.wait_for_more(1)), (0.0, 0.0, Some(3.0)));
}

#[test]
fn what_is_no_broker_is_told_from_one() {
    let answers = [
        (&b""[..], "closed the connection"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "of which 8388608 are read at most"),
        (b"\x15\x03\x03\x00\x02\x02\x28", "wants TLS: set `tls`"),
        (b"\0\0\0\x04\0\0\0\x09", "otherwise than a broker of Kafka does"),
        (b"\0\0\0\x0a\0\0\0\x01\0\0\x7f\xff\xff\xff", "otherwise than a broker of Kafka does"),
    ];
    let plain = watch(&[answering(answers[1].0)], ", tls: {}");
    plain.wait_until_waiting("speaks no TLS; leave out `tls`");
    let sources = answers.map(|(answer, words)| (watch(&[answering(answer)], ""), words));
    for (source, words) in sources {
        source.wait_until_waiting(words);
        assert!(source.told().is_empty());
    }
}

/// The address of somebody who gives everybody this answer, and hangs up.
fn answering(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 256]);
            let _ = stream.write_all(answer);
        }
    });
    address
}
