import BusWire
import CBusProtocol
import Foundation
import NodeProtocol
import SwiftProtobuf
import Testing

/// Frames made by Python's protobuf, read and written by every codec here.
struct GoldenFrames: Decodable {
    struct Good: Decodable {
        let name: String
        let fields: [String: String]
        let topicKey: String
        let payloadBytes: Int
        let frame: String
    }

    struct Bad: Decodable {
        let name: String
        let fault: String
        let frame: String
    }

    struct Tolerated: Decodable {
        let name: String
        let frame: String
    }

    let provenance: String
    let good: [Good]
    let bad: [Bad]
    let tolerated: [Tolerated]

    static func load() throws -> GoldenFrames {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Vectors/bus/frames.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(GoldenFrames.self, from: Data(contentsOf: file))
    }
}

func bytes(hex: String) -> [UInt8] {
    let digits = Array(hex.utf8)
    return stride(from: 0, to: digits.count, by: 2).map {
        UInt8(String(decoding: digits[$0..<$0 + 2], as: UTF8.self), radix: 16) ?? 0
    }
}

/// The header by protobuf-c, in the walk's own structure; nil: it refuses the frame.
func readByProtobufC(_ frame: [UInt8]) -> FrameHeader? {
    guard let envelope = spacenode__bus__v1__envelope__unpack(nil, frame.count, frame) else { return nil }
    defer { spacenode__bus__v1__envelope__free_unpacked(envelope, nil) }
    var result = FrameHeader()
    result.payloadCount = envelope.pointee.payload.len
    guard let header = envelope.pointee.header?.pointee else { return result }
    result.wire = header.wire
    result.kind = header.kind
    result.type = header.type
    result.dest = header.dest
    result.source = header.source
    result.epoch = header.epoch
    result.id = header.id
    result.replyTo = header.reply_to
    result.seq = header.seq
    result.ttlMilliseconds = header.ttl_ms
    result.causeSource = header.cause_source
    result.causeID = header.cause_id
    result.trafficClass = header.traffic_class
    result.status = header.status
    result.retryAfterMilliseconds = header.retry_after_ms
    result.schema = header.schema
    result.role = header.role
    result.topicKeyCount = header.topic_key.len
    return result
}

/// The header by swift-protobuf, in the walk's own structure.
func readBySwiftProtobuf(_ frame: [UInt8]) -> FrameHeader? {
    guard let envelope = try? Spacenode_Bus_V1_Envelope(serializedBytes: frame) else { return nil }
    let header = envelope.header
    var result = FrameHeader()
    result.payloadCount = envelope.payload.count
    result.wire = header.wire
    result.kind = header.kind
    result.type = header.type
    result.dest = header.dest
    result.source = header.source
    result.epoch = header.epoch
    result.id = header.id
    result.replyTo = header.replyTo
    result.seq = header.seq
    result.ttlMilliseconds = header.ttlMs
    result.causeSource = header.causeSource
    result.causeID = header.causeID
    result.trafficClass = header.trafficClass
    result.status = header.status
    result.retryAfterMilliseconds = header.retryAfterMs
    result.schema = header.schema
    result.role = header.role
    result.topicKeyCount = header.topicKey.count
    return result
}

/// The walk's reading without places, which other codecs do not have.
func readByWalk(_ frame: [UInt8]) throws -> FrameHeader {
    var header = try frame.withUnsafeBytes { try FrameHeader(frame: $0) }
    header.topicKeyOffset = 0
    header.payloadOffset = 0
    return header
}

@Suite("Golden frames")
struct GoldenFrameTests {
    let golden: GoldenFrames

    init() throws {
        golden = try GoldenFrames.load()
    }

    @Test("walk, protobuf-c and swift-protobuf read the same from every frame")
    func reading() throws {
        #expect(golden.good.count > 150)
        for entry in golden.good {
            let frame = bytes(hex: entry.frame)
            let walked = try readByWalk(frame)
            #expect(walked == readByProtobufC(frame), "\(entry.name)")
            #expect(walked == readBySwiftProtobuf(frame), "\(entry.name)")
            #expect(walked.payloadCount == entry.payloadBytes, "\(entry.name)")
            if let id = entry.fields["id"] { #expect(String(walked.id) == id) }
            if let type = entry.fields["type"] { #expect(String(walked.type) == type) }
        }
    }

    @Test("the writer makes the same bytes as protobuf")
    func writing() throws {
        for entry in golden.good {
            let frame = bytes(hex: entry.frame)
            let header = try frame.withUnsafeBytes { try FrameHeader(frame: $0) }
            let payload = Array(frame[header.payloadOffset..<header.payloadOffset + header.payloadCount])
            let key = Array(frame[header.topicKeyOffset..<header.topicKeyOffset + header.topicKeyCount])
            #expect(key == bytes(hex: entry.topicKey))
            #expect(header.frame(topicKey: key, payload: payload) == frame, "\(entry.name)")
        }
    }

    @Test("each bad frame is refused for its reason")
    func refusing() {
        #expect(golden.bad.count >= 20)
        for entry in golden.bad {
            do {
                _ = try readByWalk(bytes(hex: entry.frame))
                Issue.record("accepted: \(entry.name)")
            } catch {
                #expect("\(error)" == entry.fault, "\(entry.name)")
            }
        }
    }

    @Test("what a later version adds to the header is stepped over")
    func tolerating() throws {
        for entry in golden.tolerated {
            #expect(try readByWalk(bytes(hex: entry.frame)).wire == 1, "\(entry.name)")
        }
    }

    @Test("what the walk accepts of mutated frames, protobuf-c reads the same")
    func mutated() {
        var random = Generator(state: 7)
        var accepted = 0
        for entry in golden.good where entry.payloadBytes < 400 {
            let frame = bytes(hex: entry.frame)
            for _ in 0..<300 {
                let mutant = mutate(frame, &random)
                guard let walked = try? readByWalk(mutant) else { continue }
                accepted += 1
                #expect(walked == readByProtobufC(mutant), "\(entry.name) \(mutant)")
            }
        }
        #expect(accepted > 1000)
    }

    private func mutate(_ frame: [UInt8], _ random: inout Generator) -> [UInt8] {
        var mutant = frame
        for _ in 0...Int(random.next() % 3) {
            guard !mutant.isEmpty else { return mutant }
            let place = Int(random.next() % UInt64(mutant.count))
            switch random.next() % 4 {
            case 0: mutant[place] = UInt8(truncatingIfNeeded: random.next())
            case 1: mutant[place] ^= 1 << UInt8(random.next() % 8)
            case 2: mutant.remove(at: place)
            default: mutant.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
            }
        }
        return mutant
    }
}

/// A small generator with a seed: SplitMix64.
///
struct Generator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
