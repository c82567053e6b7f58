internal import NodeDomain

/// Accounts in the hands of one transaction that has been paid for.
struct AccountWork {
    let principal: Address
    /// The account that pays, as it stands.
    private(set) var payer: Account
    /// Others that changed.
    private(set) var others: (TransactionEffect.Change?, TransactionEffect.Change?) = (nil, nil)

    /// With an account that has paid.
    init(principal: Address, account: Account) {
        self.principal = principal
        payer = account
    }

    /// Does what the transaction says; if it fails, nothing.
    mutating func perform(
        _ action: TransactionAction, spawning address: Address?, on state: LedgerState,
        _ context: TransactionContext
    ) throws(StateMiss) -> Result<LedgerEvent, Failure> {
        switch action {
        case .spawn(let arguments):
            return try spawn(arguments, at: address ?? arguments.principal, on: state)
        case .spend(let destination, let amount):
            return try spend(amount, to: destination, on: state)
        case .drain(let vault, let destination, let amount):
            return try drain(amount, of: vault, to: destination, on: state, layer: context.layer)
        }
    }

    // MARK: - Spawn

    private mutating func spawn(
        _ arguments: SpawnArguments, at address: Address, on state: LedgerState
    ) throws(StateMiss) -> Result<LedgerEvent, Failure> {
        var account = address == principal ? payer : try state.accounts.get(address) ?? Account()
        guard account.spawned == nil else { return .failure(.spawned) }
        account.spawned = arguments
        if address == principal {
            payer = account
        } else {
            others.0 = .init(address: address, account: account)
        }
        return .success(.spawned(address, arguments.template))
    }

    // MARK: - Spend

    private mutating func spend(
        _ amount: UInt64, to destination: Address, on state: LedgerState
    ) throws(StateMiss) -> Result<LedgerEvent, Failure> {
        guard amount <= payer.balance else {
            return .failure(.amount(has: payer.balance, needs: amount))
        }
        let event = LedgerEvent.sent(from: principal, to: destination, amount: amount)
        // To itself, or nothing at all: only the fee is taken, and no account comes to be.
        if destination == principal || amount == 0 { return .success(event) }
        guard let richer = try state.accounts.get(destination, plus: amount) else {
            return .failure(.destination)
        }
        payer.balance -= amount
        others.0 = .init(address: destination, account: richer)
        return .success(event)
    }

    // MARK: - Drain

    private mutating func drain(
        _ amount: UInt64, of vault: Address, to destination: Address, on state: LedgerState, layer: UInt64
    ) throws(StateMiss) -> Result<LedgerEvent, Failure> {
        guard var account = try state.accounts.get(vault), case .vault(let terms)? = account.spawned else {
            return .failure(.noVault)
        }
        guard terms.owner == principal else { return .failure(.owner) }
        let vested = Vesting.vault(
            total: terms.total, start: UInt64(terms.start), end: UInt64(terms.end), layer: layer)
        // At most the total is vested.
        let bound = terms.total - vested
        guard account.balance >= bound else {
            return .failure(.misconfigured(has: account.balance, bound: bound))
        }
        let free = account.balance - bound
        guard amount <= free else { return .failure(.vested(free: free, needs: amount)) }
        let event = LedgerEvent.drained(vault: vault, to: destination, amount: amount)
        if destination == vault || amount == 0 { return .success(event) }
        if destination == principal {
            let (sum, overflow) = payer.balance.addingReportingOverflow(amount)
            guard !overflow else { return .failure(.destination) }
            payer.balance = sum
        } else {
            guard let richer = try state.accounts.get(destination, plus: amount) else {
                return .failure(.destination)
            }
            others.1 = .init(address: destination, account: richer)
        }
        account.balance -= amount
        others.0 = .init(address: vault, account: account)
        return .success(event)
    }
}

extension StateTable where Key == Address, Value == Account {
    /// An account with more in it; nil: its balance cannot count so much.
    fileprivate func get(_ address: Address, plus amount: UInt64) throws(StateMiss) -> Account? {
        var account = try get(address) ?? Account()
        let (sum, overflow) = account.balance.addingReportingOverflow(amount)
        guard !overflow else { return nil }
        account.balance = sum
        return account
    }
}
