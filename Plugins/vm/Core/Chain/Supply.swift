/// Where all smidge are: a sum over a whole state, for those who doubt it.
///
/// Balances, what epochs earned and did not settle, and the seats' pot are what genesis held and was minted since, less what
/// was burnt. Vaulted smidge are balances of their vaults.
package struct Supply: Hashable, Sendable {
    /// On accounts.
    package private(set) var balances: UInt128 = 0
    /// Earned by rows that are not paid yet, what floors will leave of it included.
    package private(set) var unpaid: UInt128 = 0
    /// Waiting for the end of the term.
    package private(set) var seatPot: UInt128 = 0
    /// At genesis and minted, less burnt.
    package private(set) var expected: UInt128 = 0

    /// Nothing.
    package init() {}

    /// Takes a record of the state.
    /// - Throws: `ScaleFault` when its bytes are damaged.
    package mutating func add(_ key: StateKey, _ bytes: [UInt8]) throws {
        switch key {
        case .account: balances += UInt128(try Account(bytes: bytes).balance)
        case .epoch:
            let epoch = try EpochRecord(bytes: bytes)
            unpaid += UInt128(epoch.earned - min(epoch.earned, epoch.settled))
        case .pot:
            let pot = try PotRecord(bytes: bytes)
            seatPot += UInt128(pot.seatPot)
            let whole = UInt128(pot.genesis) + UInt128(pot.minted)
            expected += whole - min(whole, UInt128(pot.burnt))
        default: break
        }
    }

    /// Whether no smidge is lost or made.
    package var isConserved: Bool { balances + unpaid + seatPot == expected }
}
