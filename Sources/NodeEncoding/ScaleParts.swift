package import NodeDomain

/// Bytes of a signature.
private let signatureBytes = 64

extension ScaleWriter {
    /// 0 and nothing, or 1 and a value.
    package mutating func writeOption<Value>(
        _ value: Value?, _ write: (inout ScaleWriter, Value) -> Void
    ) {
        guard let value else { return self.write(UInt8(0)) }
        self.write(UInt8(1))
        write(&self, value)
    }

    /// A list of nodes: how many, and each.
    package mutating func write(_ nodes: [Bytes32]) {
        writeCompact(UInt64(nodes.count))
        for node in nodes { write(node) }
    }

    /// Sixteen bytes, least significant first.
    package mutating func write(_ value: UInt128) {
        for place in 0..<16 { write(UInt8(truncatingIfNeeded: value >> UInt128(8 * place))) }
    }

    /// Bytes whose number is known to the reader.
    package mutating func write(raw bytes: [UInt8]) {
        for byte in bytes { write(byte) }
    }
}

extension ScaleReader {
    /// 0 and nothing, or 1 and a value.
    ///
    /// - Throws: `ScaleFault` when the first byte is neither, or the value is none.
    package mutating func option<Value>(
        _ read: (inout ScaleReader) throws(ScaleFault) -> Value
    ) throws(ScaleFault) -> Value? {
        switch try byte() {
        case 0: return nil
        case 1: return try read(&self)
        default: throw .invalid(offset: offset, what: "an option begins with 0 or 1")
        }
    }

    /// 0 or 1.
    ///
    /// - Throws: `ScaleFault` when the byte is neither.
    package mutating func flag() throws(ScaleFault) -> Bool {
        switch try byte() {
        case 0: return false
        case 1: return true
        default: throw .invalid(offset: offset, what: "a yes or no is 0 or 1")
        }
    }

    /// A list of at most so many nodes.
    ///
    /// - Throws: `ScaleFault` when there are more, or the bytes end.
    package mutating func nodes(limit: Int) throws(ScaleFault) -> [Bytes32] {
        var nodes: [Bytes32] = []
        for _ in 0..<(try compact(limit: UInt64(limit))) { nodes.append(try bytes32()) }
        return nodes
    }

    /// Sixteen bytes, least significant first.
    ///
    /// - Throws: `ScaleFault` when the bytes end.
    package mutating func number128() throws(ScaleFault) -> UInt128 {
        try bytes(16).reversed().reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// Exactly so many bytes.
    ///
    /// - Throws: `ScaleFault` when they end before.
    package mutating func bytes(_ count: Int) throws(ScaleFault) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<count { bytes.append(try byte()) }
        return bytes
    }

    mutating func signature() throws(ScaleFault) -> [UInt8] { try bytes(signatureBytes) }

    mutating func version(_ known: UInt8) throws(ScaleFault) {
        let version = try byte()
        guard version == known else {
            throw .invalid(offset: offset, what: "its version is \(version), only \(known) is known")
        }
    }
}
