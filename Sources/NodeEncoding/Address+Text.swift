package import NodeDomain

extension Address {
    /// As people write it.
    /// - Parameter prefix: `sm` on mainnet, `stest` on test networks.
    package func text(prefix: String = "sm") -> String {
        Bech32.text(of: bytes, prefix: prefix)
    }

    /// Reads an address as people write it.
    /// - Parameter prefix: the network's; nil: any.
    /// - Throws: `AddressFault` that names what is wrong.
    package init(text: String, prefix: String? = nil) throws(AddressFault) {
        let read: (prefix: String, bytes: [UInt8])
        do {
            read = try Bech32.read(text)
        } catch {
            throw .text(error)
        }
        if let prefix, read.prefix != prefix { throw .prefix(read.prefix, wanted: prefix) }
        guard let address = Address(read.bytes) else { throw .length(read.bytes.count) }
        guard address.isStandard else { throw .zeros }
        self = address
    }
}

/// Why a text is no address.
package enum AddressFault: Error, Equatable, Sendable {
    /// It is no bech32 text.
    case text(Bech32Fault)
    /// It is of another network.
    case prefix(String, wanted: String)
    /// It has not 24 bytes.
    case length(Int)
    /// Its first four bytes are not zero.
    case zeros
}

extension AddressFault: CustomStringConvertible {
    /// What is wrong.
    package var description: String {
        switch self {
        case .text(let fault): "this is no address: \(fault)"
        case .prefix(let found, let wanted):
            "this address is of another network: it begins with \(found)1, not \(wanted)1"
        case .length(let count): "this is no address: it has \(count) bytes, not 24"
        case .zeros: "this is no address: its first four bytes are not zero"
        }
    }
}
