package import NodeDomain

/// Turns the numbers of a task or request into values within their limits: one clear refusal for each.
package enum WorkCheck {
    /// Thirty-two bytes.
    package static func bytes(_ name: String, _ bytes: [UInt8]) throws(WorkRefusal) -> Bytes32 {
        guard let value = Bytes32(bytes) else {
            throw WorkRefusal("\(name) has \(bytes.count) bytes: it must have 32")
        }
        return value
    }

    /// A number within limits.
    package static func number<Number: BinaryInteger>(
        _ name: String, _ number: Number, _ range: ClosedRange<Number>
    ) throws(WorkRefusal) -> Number {
        guard range.contains(number) else {
            throw WorkRefusal(
                "\(name) is \(number): it must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A plot, of bytes and numbers from the bus.
    package static func plot(
        identity: [UInt8], commitmentATX: [UInt8], units: UInt32, labelsPerUnit: UInt64, scryptN: UInt32
    ) throws(WorkRefusal) -> Plot {
        let (identity, commitment) = (
            try bytes("plot.identity", identity), try bytes("plot.commitment_atx", commitmentATX)
        )
        let plot: Plot
        do throws(PlotFault) {
            plot = try Plot(
                identity: identity, commitmentATX: commitment, units: units, labelsPerUnit: labelsPerUnit,
                scryptN: scryptN)
        } catch {
            throw WorkRefusal(error.description)
        }
        guard plot.labels <= WorkLimit.labels else {
            throw WorkRefusal("\(plot.labels) labels are more than a plot can have, \(WorkLimit.labels)")
        }
        return plot
    }

    /// A plot in files.
    package static func layout(_ plot: Plot, maxFileSize: UInt64) throws(WorkRefusal) -> PlotLayout {
        do throws(PlotFileFault) {
            return try PlotLayout(plot: plot, maxFileSize: maxFileSize)
        } catch {
            throw WorkRefusal(error.description)
        }
    }

    /// A run of files of a plot, both ends included.
    package static func files(
        first: UInt64, last: UInt64, of layout: PlotLayout
    ) throws(WorkRefusal) -> Range<UInt64> {
        guard first <= last, last < layout.files else {
            throw WorkRefusal(
                PlotFileFault.fileRange(first: first, last: last, files: layout.files).description)
        }
        return first..<last + 1
    }

    /// Groups of a pass: ascending, each once.
    package static func groups(_ groups: [(number: UInt32, pow: UInt64)]) throws(WorkRefusal) -> [ScanGroup] {
        guard (1...WorkLimit.groups).contains(groups.count) else {
            throw WorkRefusal("\(groups.count) groups: a pass has 1 to \(WorkLimit.groups)")
        }
        var result: [ScanGroup] = []
        for (number, pow) in groups {
            guard let group = UInt8(exactly: number), result.last.map({ $0.number < group }) ?? true else {
                throw WorkRefusal("group \(number): groups must be from 0 to 255, ascending, each once")
            }
            guard pow < ProofWork.limit else {
                throw WorkRefusal("the pow of group \(number) is \(pow): it must be below 2^56")
            }
            result.append(ScanGroup(number: group, pow: pow))
        }
        return result
    }

    /// A run of groups.
    package static func groups(first: UInt32, count: UInt32) throws(WorkRefusal) -> Range<UInt32> {
        let (end, overflow) = first.addingReportingOverflow(count)
        guard count > 0, !overflow, end <= UInt32(WorkLimit.groups) else {
            throw WorkRefusal(
                "\(count) groups from \(first): groups are 0 to \(WorkLimit.groups - 1), one at least")
        }
        return first..<end
    }

    /// Groups that a checkpoint says are done: the first of the range, as many as there are; none of anything else.
    package static func done(
        _ groups: [(number: UInt32, pow: UInt64)], of range: Range<UInt32>
    ) -> [ScanGroup] {
        guard groups.count <= range.count,
            groups.map({ $0.number }).elementsEqual(range.prefix(groups.count)),
            let checked = try? WorkCheck.groups(groups)
        else { return [] }
        return checked
    }

    /// What judging a proof may cost.
    package static func cost(k2: Int, sample: UInt32, scryptN: UInt32) throws(WorkRefusal) {
        let labels = sample == 0 ? UInt64(k2) : min(UInt64(sample), UInt64(k2))
        let cost = labels * UInt64(scryptN)
        guard cost <= WorkLimit.judgeCost else {
            throw WorkRefusal(
                """
                \(labels) labels of scrypt N \(scryptN) are more than one proof may cost, \(WorkLimit.judgeCost) together: \
                ask for a smaller sample
                """)
        }
    }
}

/// The directories that the operator allows this worker.
package struct AllowedDirectories: Hashable, Sendable {
    /// As they are configured: absolute, without a slash at the end.
    package let paths: [String]

    /// Directories in the form that paths are compared in.
    package init(_ paths: [String]) {
        self.paths = paths.map(AllowedDirectories.trimmed)
    }

    /// The one that a path is in or is itself.
    ///
    /// - Throws: `WorkRefusal` when there is none, or the path is not plain.
    package func parent(of path: String) throws(WorkRefusal) -> String {
        guard path.utf8.count <= WorkLimit.pathBytes, path.hasPrefix("/"), !path.utf8.contains(0),
            !path.split(separator: "/").contains(where: { $0 == ".." || $0 == "." })
        else {
            throw WorkRefusal(
                "directory \(path.prefix(200)): give an absolute path of up to \(WorkLimit.pathBytes) bytes without . and .."
            )
        }
        let path = AllowedDirectories.trimmed(path)
        guard let parent = paths.first(where: { path == $0 || path.hasPrefix($0 == "/" ? $0 : "\($0)/") })
        else {
            throw WorkRefusal(
                """
                directory \(path) is none that this worker may use: name it under `plots:` in its post-worker.yaml, or take \
                one of \(paths.isEmpty ? "none, as nothing is named there" : paths.joined(separator: ", "))
                """)
        }
        return parent
    }

    private static func trimmed(_ path: String) -> String {
        var path = Substring(path)
        while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
        return String(path)
    }
}
