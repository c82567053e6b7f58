package import NodeDomain
package import NodeEncoding

/// What the ledger knows of an account.
///
/// An address that received smidge and was never spawned is an account without a template: a stub.
package struct Account: StateRecord {
    /// The lowest nonce that its next transaction may have.
    package var nextNonce: UInt64 = 0
    /// Smidge.
    package var balance: UInt64 = 0
    /// What it was spawned with; nil: it is a stub.
    package var spawned: SpawnArguments?

    /// An account nobody has heard of.
    package init() {}

    /// An account of these fields.
    package init(nextNonce: UInt64, balance: UInt64, spawned: SpawnArguments?) {
        self.nextNonce = nextNonce
        self.balance = balance
        self.spawned = spawned
    }

    package init(from reader: inout ScaleReader) throws(ScaleFault) {
        nextNonce = try reader.compact()
        balance = try reader.compact()
        switch try reader.byte() {
        case 0: break
        case 1: spawned = try SpawnArguments(withTemplateFrom: &reader)
        default: throw .invalid(offset: reader.offset, what: "an option begins with 0 or 1")
        }
    }

    package func write(to writer: inout ScaleWriter) {
        writer.writeCompact(nextNonce)
        writer.writeCompact(balance)
        guard let spawned else { return writer.write(UInt8(0)) }
        writer.write(UInt8(1))
        writer.write(spawned.template.rawValue)
        spawned.write(to: &writer)
    }
}
