/// Numbers that a seed decides: the same for the same place, whatever was asked before.
struct Dice: Sendable {
    private let seed: UInt64

    init(_ seed: UInt64) {
        self.seed = Dice.mix(seed &+ 0x9e37_79b9_7f4a_7c15)
    }

    /// A number for a place of a row.
    func number(_ row: UInt64, _ place: UInt64) -> UInt64 {
        Dice.mix(Dice.mix(seed ^ (row &* 0xd1b5_4a32_d192_ed03)) &+ (place &* 0x9e37_79b9_7f4a_7c15))
    }

    /// A number from 0 to one below the bound, for a place of a row; the bound is above 0.
    func number(below bound: UInt64, _ row: UInt64, _ place: UInt64) -> UInt64 {
        number(row, place).multipliedFullWidth(by: bound).high
    }

    /// The last step of SplitMix64.
    private static func mix(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
