internal import ArgumentParser
internal import Foundation
internal import NodeDomain
internal import PostWorkerCore
internal import PostWorkerPlots

extension Bytes32: ExpressibleByArgument {
    /// Sixty-four hexadecimal digits.
    package init?(argument: String) {
        self.init(hexadecimal: argument)
    }
}

extension InstructionSet: ExpressibleByArgument {}
extension ScanPath: ExpressibleByArgument {}
extension RandomXChoice: ExpressibleByArgument {}
