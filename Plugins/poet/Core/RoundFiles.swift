package import NodeDomain
internal import NodeEncoding
package import NodePoet

/// A registration as it stands in a round's file, behind length and checksum.
package enum MemberRecord {
    private static let size = 2 * Bytes32.count

    /// Bytes to be put behind all others.
    package static func bytes(node: Bytes32, challenge: Bytes32) -> [UInt8] {
        CheckedFrames.frame(node.bytes + challenge.bytes)
    }

    /// Reads a file up to its end or its first fault.
    package static func read(_ bytes: [UInt8]) -> (registered: [Bytes32: Bytes32], goodBytes: Int) {
        var (registered, good) = ([Bytes32: Bytes32](), 0)
        while good < bytes.count {
            guard let payload = try? CheckedFrames.payload(bytes, at: good, largest: size),
                let node = Bytes32(payload.prefix(Bytes32.count)),
                let challenge = Bytes32(payload.dropFirst(Bytes32.count))
            else { break }
            registered[node] = challenge
            good += CheckedFrames.head + payload.count
        }
        return (registered, good)
    }
}

/// What a round's work was begun with.
package struct RoundBeginning: Hashable, Sendable {
    private static let version: UInt8 = 1

    /// The round.
    package let epoch: UInt32
    /// The chain's challenge; nil: there was no chain.
    package let challenge: Bytes32?
    /// Whose challenges are worked for.
    package let members: Membership

    /// A beginning.
    package init(epoch: UInt32, challenge: Bytes32?, members: Membership) {
        self.epoch = epoch
        self.challenge = challenge
        self.members = members
    }

    /// The whole file.
    package var bytes: [UInt8] {
        var writer = ScaleWriter()
        writer.write(Self.version)
        writer.writeCompact(UInt64(epoch))
        writer.writeOption(challenge) { $0.write($1) }
        writer.write(members.challenges)
        return CheckedFrames.frame(writer.bytes)
    }

    /// Reads a file; nil: it is none, or was torn.
    package init?(bytes: [UInt8]) {
        guard var reader = FileReader.open(bytes, version: Self.version) else { return nil }
        do throws(ScaleFault) {
            epoch = try reader.compact32()
            challenge = try reader.option { (reader: inout ScaleReader) throws(ScaleFault) in
                try reader.bytes32()
            }
            guard let members = Membership(try reader.nodes(limit: Membership.mostMembers)) else {
                return nil
            }
            self.members = members
            try reader.finish()
        } catch {
            return nil
        }
    }
}

/// How far a round's work had come when everything before was on the disk.
package struct WorkCheckpoint: Hashable, Sendable {
    private static let version: UInt8 = 1
    private static let mostParked = 64

    /// What is worked on.
    package let statement: Bytes32
    /// Layers of a kept subtree.
    package let layer: Int
    /// Subtrees that are kept.
    package let subtrees: UInt64
    /// Nodes that wait above them, from the bottom up.
    package let parked: [Bytes32]

    /// The state of some work.
    package init(_ work: SequentialWork, statement: Bytes32) {
        self.statement = statement
        layer = work.layer
        subtrees = work.upper.count
        parked = work.upper.parked.compactMap { $0 }
    }

    /// The work as it goes on from here; nil: it is of something else, or of another form.
    package func work(on statement: Bytes32, layer: Int = SequentialWork.keptLayer) -> SequentialWork? {
        guard self.statement == statement, self.layer == layer,
            let upper = PaddedTree(count: subtrees, parked: parked)
        else { return nil }
        return SequentialWork(PoetLabels(statement: statement.bytes), upper: upper, layer: layer)
    }

    /// The whole file.
    package var bytes: [UInt8] {
        var writer = ScaleWriter()
        writer.write(Self.version)
        writer.write(statement)
        writer.write(UInt8(clamping: layer))
        writer.writeCompact(subtrees)
        writer.write(parked)
        return CheckedFrames.frame(writer.bytes)
    }

    /// Reads a file; nil: it is none, or was torn.
    package init?(bytes: [UInt8]) {
        guard var reader = FileReader.open(bytes, version: Self.version) else { return nil }
        do throws(ScaleFault) {
            statement = try reader.bytes32()
            layer = Int(try reader.byte())
            subtrees = try reader.compact(limit: PoetProof.mostLeaves)
            parked = try reader.nodes(limit: Self.mostParked)
            try reader.finish()
        } catch {
            return nil
        }
    }
}

/// A proof as it is kept.
package struct ProofRecord: Hashable, Sendable {
    private static let version: UInt8 = 1
    private static let largestItem = 256 << 10

    /// The round.
    package let epoch: UInt32
    /// The chain's challenge; nil: there was no chain.
    package let challenge: Bytes32?
    /// Whose challenges it is for.
    package let members: Membership
    /// The work.
    package let proof: WorkProof

    /// A proof of a round.
    package init(epoch: UInt32, challenge: Bytes32?, members: Membership, proof: WorkProof) {
        self.epoch = epoch
        self.challenge = challenge
        self.members = members
        self.proof = proof
    }

    /// The whole file.
    package var bytes: [UInt8] {
        let item = PoetProof(epoch: epoch, member: MemberPath(index: 0, siblings: []), work: proof)
        var writer = ScaleWriter()
        writer.write(Self.version)
        writer.writeOption(challenge) { $0.write($1) }
        writer.write(members.challenges)
        writer.writeSlice(BlockItem.poetProof(item).bytes)
        return CheckedFrames.frame(writer.bytes)
    }

    /// Reads a file; nil: it is none, or was torn.
    package init?(bytes: [UInt8]) {
        guard var reader = FileReader.open(bytes, version: Self.version) else { return nil }
        do throws(ScaleFault) {
            challenge = try reader.option { (reader: inout ScaleReader) throws(ScaleFault) in
                try reader.bytes32()
            }
            guard let members = Membership(try reader.nodes(limit: Membership.mostMembers)),
                case .poetProof(let item) = try BlockItem(bytes: try reader.slice(limit: Self.largestItem))
            else { return nil }
            self.members = members
            epoch = item.epoch
            proof = WorkProof(item)
            try reader.finish()
        } catch {
            return nil
        }
    }

    /// The round that it is of.
    package var round: Round {
        Round(epoch: epoch, challenge: challenge, phase: .proved(members, proof))
    }
}

/// Opens files that are one piece behind length and checksum.
private enum FileReader {
    /// The largest: members of a round, and a proof.
    private static let largest = (Membership.mostMembers + 16_384) * Bytes32.count

    static func open(_ bytes: [UInt8], version: UInt8) -> ScaleReader? {
        guard let payload = try? CheckedFrames.payload(bytes, at: 0, largest: largest),
            bytes.count == CheckedFrames.head + payload.count
        else { return nil }
        var reader = ScaleReader(Array(payload))
        guard (try? reader.byte()) == version else { return nil }
        return reader
    }
}
