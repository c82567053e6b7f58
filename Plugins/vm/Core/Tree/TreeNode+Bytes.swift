internal import NodeDomain
internal import NodeEncoding

private enum Kind {
    static let empty: UInt8 = 0
    static let leaf: UInt8 = 1
    static let inner: UInt8 = 2
}

extension TreeNode {
    /// The bytes in storage.
    ///
    /// A kind; of a leaf key, preimage and value; of an inner node two sets of 16 bits, big-endian, for children and
    /// for leaves among them (bit n is nibble n), then version and hash of each child.
    package var bytes: [UInt8] {
        var writer = ScaleWriter()
        switch self {
        case .empty:
            writer.write(Kind.empty)
        case .leaf(let leaf):
            writer.write(Kind.leaf)
            writer.write(leaf.key)
            writer.writeSlice(leaf.preimage)
            writer.writeSlice(leaf.value)
        case .inner(let inner):
            writer.write(Kind.inner)
            for set in [inner.present, inner.leaves] {
                writer.write(UInt8(truncatingIfNeeded: set >> 8))
                writer.write(UInt8(truncatingIfNeeded: set))
            }
            for link in inner.links {
                writer.writeCompact(link.version)
                writer.write(link.hash)
            }
        }
        return writer.bytes
    }

    /// A node as storage holds it.
    ///
    /// - Throws: `TreeNodeFault` for anything that `bytes` does not give.
    package init(bytes: [UInt8]) throws(TreeNodeFault) {
        self = try decoding(bytes) { reader throws(TreeNodeFault) in try TreeNode(&reader) }
    }

    /// A node as storage holds it at a key.
    ///
    /// - Throws: `TreeFault` that names the key.
    package init(bytes: [UInt8], at key: TreeNodeKey) throws(TreeFault) {
        do {
            self = try TreeNode(bytes: bytes)
        } catch {
            throw .corrupt(key, error)
        }
    }

    private init(_ reader: inout ScaleReader) throws(TreeNodeFault) {
        switch try scaled({ () throws(ScaleFault) in try reader.byte() }) {
        case Kind.empty:
            self = .empty
        case Kind.leaf:
            self = .leaf(try scaled { () throws(ScaleFault) in try TreeLeaf(&reader) })
        case Kind.inner:
            let (present, leaves, links) = try scaled { () throws(ScaleFault) in try children(&reader) }
            self = .inner(try TreeInner(present: present, leaves: leaves, links: links))
        case let kind:
            throw .kind(kind)
        }
    }
}

extension TreeLeaf {
    fileprivate init(_ reader: inout ScaleReader) throws(ScaleFault) {
        self.init(
            key: try reader.bytes32(), preimage: try reader.slice(limit: TreeLeaf.preimageLimit),
            value: try reader.slice(limit: TreeLeaf.valueLimit))
    }
}

private func children(
    _ reader: inout ScaleReader
) throws(ScaleFault) -> (present: UInt16, leaves: UInt16, links: [TreeLink]) {
    let present = UInt16(try reader.byte()) << 8 | UInt16(try reader.byte())
    let leaves = UInt16(try reader.byte()) << 8 | UInt16(try reader.byte())
    var links: [TreeLink] = []
    links.reserveCapacity(present.nonzeroBitCount)
    for _ in 0..<present.nonzeroBitCount {
        links.append(TreeLink(version: try reader.compact(), hash: try reader.bytes32()))
    }
    return (present, leaves, links)
}

/// Runs a strict decoder and says its fault in the tree's terms.
func decoding<Value>(
    _ bytes: [UInt8], _ body: (inout ScaleReader) throws(TreeNodeFault) -> Value
) throws(TreeNodeFault) -> Value {
    var reader = ScaleReader(bytes)
    let value = try body(&reader)
    try scaled { () throws(ScaleFault) in try reader.finish() }
    return value
}

/// A fault of the encoding in the tree's terms.
func scaled<Value>(_ body: () throws(ScaleFault) -> Value) throws(TreeNodeFault) -> Value {
    do {
        return try body()
    } catch {
        throw .encoding(error)
    }
}
