internal import NodeCrypto
internal import NodeDomain
internal import NodeEncoding

/// Why bytes are no record.
package enum RecordFault: Error, Hashable, Sendable {
    /// The file is not there.
    case missing
    /// It is too short, too long, or does not begin as a record does.
    case form
    /// Its check sum is wrong.
    case damaged
    /// It can be read, but is not the one encoding of a record.
    case notCanonical(String)
    /// It is another key's.
    case otherKey
}

extension RecordFault: CustomStringConvertible {
    /// What is wrong.
    package var description: String {
        switch self {
        case .missing: "it is not there"
        case .form: "it is no record"
        case .damaged: "its check sum is wrong: it was damaged or changed"
        case .notCanonical(let what): "it is not as a signer writes it (\(what))"
        case .otherKey: "it is another key's"
        }
    }
}

extension SigningRecord {
    /// Most bytes of a record.
    package static let mostBytes = 1024
    /// What a record begins with; the digit is its form.
    private static let magic = Array("spacenode signer record 1\n".utf8)

    /// Magic, fields in SCALE, and BLAKE3 of both.
    package var bytes: [UInt8] {
        var writer = ScaleWriter()
        writer.write(key)
        writer.writeOption(chain) { writer, chain in
            writer.writeSlice(Array(chain.name.utf8))
            writer.writeCompact(UInt64(chain.revision))
        }
        writer.writeCompact(point.height)
        writer.writeCompact(UInt64(point.round))
        writer.write(point.step.rawValue)
        writer.writeOption(signed) { writer, signed in
            writer.writeSlice(signed.bytes)
            writer.write(raw: signed.signature)
        }
        writer.write(UInt8(isRetired ? 1 : 0))
        let content = Self.magic + writer.bytes
        return content + BLAKE3.hash(content).bytes
    }

    /// Reads a record; nothing but what `bytes` gives is taken.
    /// - Throws: `RecordFault` that says why not.
    package init(bytes: [UInt8]) throws(RecordFault) {
        let shortest = Self.magic.count + Bytes32.count
        guard (shortest...Self.mostBytes).contains(bytes.count), bytes.starts(with: Self.magic) else {
            throw .form
        }
        let content = Array(bytes.dropLast(Bytes32.count))
        guard Array(bytes.suffix(Bytes32.count)) == BLAKE3.hash(content).bytes else { throw .damaged }
        do throws(ScaleFault) {
            var reader = ScaleReader(Array(content.dropFirst(Self.magic.count)))
            self = try Self.read(&reader)
            try reader.finish()
        } catch {
            throw .notCanonical("\(error)")
        }
        guard isWellFormed else { throw .notCanonical("its fields do not belong together") }
    }

    private static func read(_ reader: inout ScaleReader) throws(ScaleFault) -> SigningRecord {
        let key = try reader.bytes32()
        let chain = try reader.option { reader throws(ScaleFault) in try Self.chain(&reader) }
        let height = try reader.compact(limit: SigningPoint.highest)
        let round = try reader.compact32()
        guard let step = SigningStep(rawValue: try reader.byte()) else {
            throw .invalid(offset: reader.offset, what: "steps are 0 to 3")
        }
        let signed = try reader.option { reader throws(ScaleFault) in
            Signed(
                bytes: try reader.slice(limit: Signed.longest),
                signature: try reader.bytes(Signed.signatureBytes))
        }
        return SigningRecord(
            key: key, chain: chain, point: SigningPoint(height: height, round: round, step: step),
            signed: signed, isRetired: try reader.flag())
    }

    private static func chain(_ reader: inout ScaleReader) throws(ScaleFault) -> ChainRevision {
        let name = try reader.slice(limit: ChainRevision.longestName)
        let revision = try reader.compact32()
        guard let chain = ChainRevision(name: String(decoding: name, as: UTF8.self), revision: revision)
        else { throw .invalid(offset: reader.offset, what: "a chain has a name of printable ASCII") }
        return chain
    }
}
