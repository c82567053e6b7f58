package import NodeDomain

/// Largest transaction, in bytes, that the ledger takes.
package let largestTransaction = 1024

extension SpawnArguments {
    /// Canonical bytes: with the template's address before them they make the account's address.
    package var scale: [UInt8] {
        var writer = ScaleWriter()
        write(to: &writer)
        return writer.bytes
    }

    /// Writes the arguments, without the template.
    package func write(to writer: inout ScaleWriter) {
        switch self {
        case .wallet(let key): writer.write(key)
        case .multisig(let keys), .vesting(let keys):
            writer.writeCompact(UInt64(keys.required))
            writer.writeCompact(UInt64(keys.keys.count))
            for key in keys.keys { writer.write(key) }
        case .vault(let terms):
            writer.write(terms.owner)
            writer.writeCompact(terms.total)
            writer.writeCompact(terms.initial)
            writer.writeCompact(UInt64(terms.start))
            writer.writeCompact(UInt64(terms.end))
        }
    }

    /// Reads a template's number and the arguments, as the state keeps them.
    /// - Throws: `ScaleFault` when there is no such template, or its arguments are no arguments.
    package init(withTemplateFrom reader: inout ScaleReader) throws(ScaleFault) {
        let number = try reader.byte()
        guard let template = Template(rawValue: number) else {
            throw .invalid(offset: reader.offset, what: "there is no template \(number)")
        }
        do {
            try self.init(of: template, from: &reader)
        } catch .bytes(let fault) {
            throw fault
        } catch {
            throw .invalid(offset: reader.offset, what: "\(error)")
        }
    }

    init(of template: Template, from reader: inout ScaleReader) throws(TransactionFault) {
        switch template {
        case .wallet:
            self = .wallet(key: try reader.part { reader throws(ScaleFault) in try reader.bytes32() })
        case .multisig: self = .multisig(try MultisigKeys(from: &reader))
        case .vesting: self = .vesting(try MultisigKeys(from: &reader))
        case .vault:
            self = .vault(
                try reader.part { reader throws(ScaleFault) in
                    VaultTerms(
                        owner: try reader.address(), total: try reader.compact(),
                        initial: try reader.compact(),
                        start: try reader.compact32(), end: try reader.compact32())
                })
        }
    }
}

extension ScaleReader {
    /// Reads a part of a transaction: what is wrong with its bytes is wrong with the transaction.
    fileprivate mutating func part<Part>(
        _ read: (inout ScaleReader) throws(ScaleFault) -> Part
    ) throws(TransactionFault) -> Part {
        do {
            return try read(&self)
        } catch {
            throw .bytes(error)
        }
    }
}

extension MultisigKeys {
    fileprivate init(from reader: inout ScaleReader) throws(TransactionFault) {
        let (required, keys) = try reader.part { reader throws(ScaleFault) in
            let required = try reader.compact(limit: UInt64(UInt8.max))
            var keys: [Bytes32] = []
            for _ in 0..<(try reader.compact(limit: UInt64(MultisigKeys.most))) {
                keys.append(try reader.bytes32())
            }
            return (UInt8(truncatingIfNeeded: required), keys)
        }
        guard let found = MultisigKeys(required: required, keys: keys) else { throw .keys }
        self = found
    }
}

extension TransactionBody {
    /// Canonical bytes without signatures; the network's genesis id and these are signed.
    package var scale: [UInt8] {
        var writer = ScaleWriter()
        writer.writeCompact(0)
        writer.write(principal)
        writer.writeCompact(UInt64(action.method))
        if case .spawn(let arguments) = action { writer.write(Address(of: arguments.template)) }
        writer.writeCompact(nonce)
        writer.writeCompact(gasPrice)
        switch action {
        case .spawn(let arguments): arguments.write(to: &writer)
        case .spend(let destination, let amount):
            writer.write(destination)
            writer.writeCompact(amount)
        case .drain(let vault, let destination, let amount):
            writer.write(vault)
            writer.write(destination)
            writer.writeCompact(amount)
        }
        return writer.bytes
    }

    init(from reader: inout ScaleReader) throws(TransactionFault) {
        let version = try reader.part { reader throws(ScaleFault) in try reader.compact() }
        guard version == 0 else { throw .version(version) }
        let (principal, method) = try reader.part { reader throws(ScaleFault) in
            (try reader.address(), try reader.compact())
        }
        var template: Template?
        if method == 0 {
            let address = try reader.part { reader throws(ScaleFault) in try reader.address() }
            guard let found = address.template else { throw .template(address) }
            template = found
        }
        let (nonce, gasPrice) = try reader.part { reader throws(ScaleFault) in
            (try reader.compact(), try reader.compact())
        }
        self.init(
            principal: principal, action: try TransactionAction(method, template, from: &reader),
            nonce: nonce,
            gasPrice: gasPrice)
    }
}

extension TransactionAction {
    fileprivate init(
        _ method: UInt64, _ template: Template?, from reader: inout ScaleReader
    ) throws(TransactionFault) {
        switch (method, template) {
        case (0, let template?): self = .spawn(try SpawnArguments(of: template, from: &reader))
        case (16, _):
            self = try reader.part { reader throws(ScaleFault) in
                .spend(to: try reader.address(), amount: try reader.compact())
            }
        case (17, _):
            self = try reader.part { reader throws(ScaleFault) in
                .drain(vault: try reader.address(), to: try reader.address(), amount: try reader.compact())
            }
        default: throw .method(method)
        }
    }
}

/// One signature of an account with several keys.
package struct KeySignature: Hashable, Sendable {
    /// Place of the key among the account's, from 0.
    package let key: UInt8
    /// 64 bytes.
    package let signature: [UInt8]

    /// A signature by the key at a place.
    package init(key: UInt8, signature: [UInt8]) {
        self.key = key
        self.signature = signature
    }
}

/// The signatures of a transaction, as far as their form tells.
package enum Signatures: Hashable, Sendable {
    /// Of an account with one key: 64 bytes.
    case one([UInt8])
    /// Of an account with several, in rising order of keys.
    case several([KeySignature])

    fileprivate static let bytes = 64
}

/// A transaction as it is sent.
package struct SignedTransaction: Hashable, Sendable {
    /// What is signed.
    package let body: TransactionBody
    /// By whom.
    package let signatures: Signatures
    /// All bytes, whose hash is the transaction's id.
    package let raw: [UInt8]

    /// Puts body and signatures together.
    package init(_ body: TransactionBody, _ signatures: Signatures) {
        self.body = body
        self.signatures = signatures
        var raw = body.scale
        switch signatures {
        case .one(let signature): raw += signature
        case .several(let parts):
            for part in parts {
                // Below 64: a compact integer of one byte.
                raw.append(part.key << 2)
                raw += part.signature
            }
        }
        self.raw = raw
    }

    /// Reads a transaction from anybody.
    ///
    /// Which account it is of, and so how many signatures it needs, only the ledger knows: here one signature of 64 bytes, or
    /// some of 1 + 64 bytes in rising order, are taken.
    /// - Throws: `TransactionFault`; nothing else is wrong with its form then.
    package init(raw: [UInt8]) throws(TransactionFault) {
        guard raw.count <= largestTransaction else { throw .tooLarge(raw.count) }
        var reader = ScaleReader(raw)
        body = try TransactionBody(from: &reader)
        let rest = raw.count - reader.offset
        self.raw = raw
        if rest == Signatures.bytes {
            signatures = .one(Array(raw.suffix(rest)))
            return
        }
        let part = Signatures.bytes + 1
        guard rest > 0, rest.isMultiple(of: part), rest / part <= MultisigKeys.most else {
            throw .signatures(rest)
        }
        var parts: [KeySignature] = []
        for start in stride(from: reader.offset, to: raw.count, by: part) {
            let key = raw[start]
            guard key & 3 == 0, key >> 2 < UInt8(MultisigKeys.most),
                parts.last.map({ $0.key < key >> 2 }) ?? true
            else { throw .order }
            parts.append(KeySignature(key: key >> 2, signature: Array(raw[(start + 1)..<(start + part)])))
        }
        signatures = .several(parts)
    }

    /// The bytes that were signed, after the network's genesis id.
    package var signedBytes: ArraySlice<UInt8> {
        switch signatures {
        case .one(let signature): raw.dropLast(signature.count)
        case .several(let parts): raw.dropLast(parts.count * (Signatures.bytes + 1))
        }
    }
}

/// Why bytes are no transaction: it is skipped, and costs nothing.
package enum TransactionFault: Error, Hashable, Sendable {
    /// Over 1024 bytes.
    case tooLarge(Int)
    /// Not canonical SCALE.
    case bytes(ScaleFault)
    /// Another version than 0.
    case version(UInt64)
    /// A method that there is not.
    case method(UInt64)
    /// A template that there is not.
    case template(Address)
    /// No keys, more than 10, or fewer than must sign.
    case keys
    /// So many bytes after the body are no signatures.
    case signatures(Int)
    /// Keys of signatures do not rise, or are over 9.
    case order
}

extension TransactionFault: CustomStringConvertible {
    /// What is wrong, and what would be right.
    package var description: String {
        switch self {
        case .tooLarge(let count): "it has \(count) bytes, \(largestTransaction) are allowed"
        case .bytes(let fault): "\(fault)"
        case .version(let version): "its version is \(version), only 0 is known"
        case .method(let method): "there is no method \(method): 0 spawns, 16 spends, 17 drains a vault"
        case .template(let address): "there is no template at \(address.text()): 1 wallet to 4 vault"
        case .keys: "an account has 1 to \(MultisigKeys.most) keys, and not more must sign than there are"
        case .signatures(let count):
            "\(count) bytes follow the body: one signature takes 64, each of several 65, 10 at most"
        case .order: "the keys of its signatures must rise, from 0 to \(MultisigKeys.most - 1)"
        }
    }
}
