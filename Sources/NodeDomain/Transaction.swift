/// What a template is spawned with.
package enum SpawnArguments: Hashable, Sendable {
    /// A wallet's key.
    case wallet(key: Bytes32)
    /// Keys of a multisig, and how many must sign.
    case multisig(MultisigKeys)
    /// Keys of a vesting account, and how many must sign.
    case vesting(MultisigKeys)
    /// What a vault holds and for whom.
    case vault(VaultTerms)

    /// What they spawn.
    package var template: Template {
        switch self {
        case .wallet: .wallet
        case .multisig: .multisig
        case .vesting: .vesting
        case .vault: .vault
        }
    }
}

/// Keys of which some must sign.
package struct MultisigKeys: Hashable, Sendable {
    /// Most keys of one account.
    package static let most = 10

    /// How many must sign: 1 up to the number of keys.
    package let required: UInt8
    /// In an order that counts: another order is another account.
    package let keys: [Bytes32]

    /// Keys; nil when there are none or more than 10, or when more must sign than there are.
    package init?(required: UInt8, keys: [Bytes32]) {
        guard (1...MultisigKeys.most).contains(keys.count), (1...keys.count).contains(Int(required)) else {
            return nil
        }
        self.required = required
        self.keys = keys
    }
}

/// How a vault's smidge come free.
package struct VaultTerms: Hashable, Sendable {
    /// Who may draw.
    package let owner: Address
    /// Smidge that are vaulted.
    package let total: UInt64
    /// Not used any more, but part of the address.
    package let initial: UInt64
    /// Layer from which on they come free.
    package let start: UInt32
    /// Layer at which all are free.
    package let end: UInt32

    /// Terms of these fields.
    package init(owner: Address, total: UInt64, initial: UInt64, start: UInt32, end: UInt32) {
        self.owner = owner
        self.total = total
        self.initial = initial
        self.start = start
        self.end = end
    }

    /// Whether a vault of these terms can be spawned.
    package var isPossible: Bool { initial <= total && start <= end }
}

/// What a transaction does.
package enum TransactionAction: Hashable, Sendable {
    /// Method 0: makes an account of a template.
    case spawn(SpawnArguments)
    /// Method 16: sends smidge.
    case spend(to: Address, amount: UInt64)
    /// Method 17: sends smidge of a vault; vesting accounts only.
    case drain(vault: Address, to: Address, amount: UInt64)

    /// The method's number on the wire.
    package var method: UInt8 {
        switch self {
        case .spawn: 0
        case .spend: 16
        case .drain: 17
        }
    }

    /// What is done, without to whom and how much.
    package enum Kind: String, Sendable {
        /// An account is made.
        case spawn
        /// Smidge are sent.
        case spend
        /// A vault's smidge are sent.
        case drain
    }

    /// What it does, without to whom and how much.
    package var kind: Kind {
        switch self {
        case .spawn: .spawn
        case .spend: .spend
        case .drain: .drain
        }
    }

    /// As commands call it.
    package var name: String { kind.rawValue }
}

/// A transaction without its signatures: what is signed.
package struct TransactionBody: Hashable, Sendable {
    /// The account that pays and signs.
    package var principal: Address
    /// What it does.
    package var action: TransactionAction
    /// Not below the account's next nonce; gaps are allowed.
    package var nonce: UInt64
    /// Smidge for one gas; 0 is ineffective.
    package var gasPrice: UInt64

    /// A body of these fields.
    package init(principal: Address, action: TransactionAction, nonce: UInt64, gasPrice: UInt64) {
        self.principal = principal
        self.action = action
        self.nonce = nonce
        self.gasPrice = gasPrice
    }
}
