internal import Foundation
internal import NodeProtocol
internal import SwiftProtobuf

/// Collects verdicts by rule, and watches what every frame must have.
final class Judge {
    private(set) var failures: [String: String] = [:]
    private(set) var passed: Set<String> = []
    private var instance: UInt64 = 0
    private var epoch: UInt32 = 0
    private var role: UInt32 = 0
    private var lastID: UInt64 = 0
    private var seqs: [String: UInt64] = [:]
    private var hasLeft = false
    private let classes: [UInt32: UInt32]

    init() {
        classes = Dictionary(
            uniqueKeysWithValues: ContractInfo.all.flatMap(\.methods).map {
                ($0.type, $0.trafficClass.rawValue)
            })
    }

    func fail(_ rule: String, _ why: String) {
        if failures[rule] == nil { failures[rule] = why }
    }

    func check(_ rule: String, _ holds: Bool, _ why: @autoclosure () -> String) {
        if holds { passed.insert(rule) } else { fail(rule, why()) }
    }

    /// A new session begins: numbers start anew.
    func begin(instance: UInt64, epoch: UInt32, role: UInt32) {
        self.instance = instance
        self.epoch = epoch
        self.role = role
        lastID = 0
        seqs = [:]
        hasLeft = false
    }

    /// What holds for every frame, whatever the scenario.
    func inspect(_ bytes: [UInt8], _ header: Spacenode_Bus_V1_Header, isData: Bool) {
        check(
            "frame-valid", bytes.first == 0x0a && header.wire == 1, "the header must come first, with wire 1")
        let headerBytes = (try? header.serializedData().count) ?? 0
        check("header-limit", headerBytes <= 512, "a header of \(headerBytes) bytes")
        let limit = header.kind == 8 ? 64 << 10 : 4 << 20
        check("frame-limit", bytes.count <= limit, "a frame of \(bytes.count) bytes, kind \(header.kind)")
        // Nothing orders the lanes: what was sent before on the other one may be seen later.
        if hasLeft, isData { fail("goodbye-last", "kind \(header.kind) came after GOODBYE") }
        if header.kind == 8, header.type & 0xffff == 1 { return }
        guard epoch > 0 else { return fail("hello-first", "kind \(header.kind) came before WELCOME") }
        // Frames that were on their way when the session changed are not judged.
        guard header.epoch == epoch else {
            if header.epoch > epoch || header.epoch == 0 {
                fail("epoch-is-own", "epoch \(header.epoch), not \(epoch)")
            }
            return
        }
        passed.insert("epoch-is-own")
        check("source-is-own", header.source == instance, "source \(header.source), not \(instance)")
        check("role-is-own", header.role == role, "role \(header.role), not \(role)")
        inspectNumbers(header)
        if header.kind == 8, header.type & 0xffff == 19 { hasLeft = true }
    }

    private func inspectNumbers(_ header: Spacenode_Bus_V1_Header) {
        if header.kind != 8, let expected = classes[header.type] {
            check(
                "class-matches", header.trafficClass == expected,
                "class \(header.trafficClass) for type \(header.type)")
        }
        if header.kind == 1 || header.kind == 5 {
            check("id-rises", header.id > lastID, "id \(header.id) after \(lastID)")
            lastID = max(lastID, header.id)
        }
        if header.kind == 4 {
            let topic = "\(header.type) \([UInt8](header.topicKey))"
            check(
                "seq-rises", header.seq == seqs[topic, default: 0] + 1,
                "seq \(header.seq) after \(seqs[topic, default: 0])")
            seqs[topic] = header.seq
            check("event-addressed", header.dest == 0, "an event for \(header.dest)")
        }
    }
}
