internal import ConsensusCore
internal import Foundation
internal import NodeCommand
internal import NodeDomain
internal import NodeEncoding

/// A recovery as people write and compare it: JSON, of which the canonical bytes are hashed.
struct RecoveryFile: Codable {
    struct Seat: Codable {
        let `operator`: String
        let vrfKey: String
        let seats: UInt64
    }

    /// Most bytes of a file: all members that a committee may have.
    static let mostBytes = 1 << 20

    let chain: String
    let height: UInt64
    let appHash: String
    let revision: UInt32
    let committee: [Seat]

    init(_ recovery: Recovery) {
        chain = recovery.chain
        height = recovery.height
        appHash = recovery.appHash.description
        revision = recovery.revision
        committee = recovery.seats.map {
            Seat(operator: $0.operator.description, vrfKey: $0.vrfKey.description, seats: $0.power)
        }
    }

    /// Reads a recovery.
    /// - Throws: `CommandFault` that says what is none in it.
    static func read(_ path: String) throws -> Recovery {
        let file: RecoveryFile = try decodeJSON(path, limit: mostBytes)
        func bytes(_ text: String, _ what: String) throws -> Bytes32 {
            guard let bytes = Bytes32(hexadecimal: text) else {
                throw CommandFault("\(path): \(what) `\(text)` has not 64 hexadecimal digits")
            }
            return bytes
        }
        var seats = try file.committee.map {
            RecoverySeat(
                operator: try bytes($0.operator, "an operator"), vrfKey: try bytes($0.vrfKey, "a VRF key"),
                power: $0.seats)
        }
        seats.sort { $0.operator < $1.operator }
        let recovery = Recovery(
            chain: file.chain, height: file.height, appHash: try bytes(file.appHash, "the app hash"),
            revision: file.revision, seats: seats)
        do {
            // What is hashed is what is read again: each rule of the bytes holds.
            return try Recovery(wire: recovery.wire)
        } catch {
            throw CommandFault("\(path) is no recovery: \(error)")
        }
    }
}

/// A recovery that an operator agrees to, by its hash.
struct Acceptance: Sendable {
    let recovery: Recovery

    /// - Throws: `CommandFault` when the file holds no recovery, or one with another hash.
    init(hash: String, file: String) throws {
        guard let wanted = Bytes32(hexadecimal: hash) else {
            throw CommandFault(
                "--accept-recovery has 64 hexadecimal digits: `spacenode-consensus tool recovery hash` prints them"
            )
        }
        recovery = try RecoveryFile.read(file)
        guard recovery.hash == wanted else {
            throw CommandFault(
                "\(file) has the hash \(recovery.hash), and \(wanted) was accepted: it is not the recovery that you agreed to"
            )
        }
    }
}

/// A file of JSON, of limited size.
/// - Throws: `CommandFault` that says what is wrong with it.
func decodeJSON<Value: Decodable>(_ path: String, limit: Int) throws -> Value {
    guard let file = FileHandle(forReadingAtPath: path) else {
        throw CommandFault("\(path) cannot be read: give a file that exists")
    }
    defer { try? file.close() }
    let data = try file.read(upToCount: limit + 1) ?? Data()
    guard data.count <= limit else { throw CommandFault("\(path) is larger than \(limit) bytes") }
    do {
        return try JSONDecoder().decode(Value.self, from: data)
    } catch {
        throw CommandFault("\(path) has not the form that docs/recovery.md describes: \(error)")
    }
}
