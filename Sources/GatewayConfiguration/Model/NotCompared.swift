/// A property that is no part of what a value is: two values that differ only here are equal.
///
/// It is for places in the text. A line that is added at the top of a file moves everything below it, and changes
/// nothing of it; a reload must see that.
@propertyWrapper
package struct NotCompared<Value: Sendable>: Sendable, Hashable, CustomStringConvertible {
    package var wrappedValue: Value

    package init(wrappedValue: Value) {
        self.wrappedValue = wrappedValue
    }

    package static func == (left: Self, right: Self) -> Bool { true }
    package func hash(into hasher: inout Hasher) {}

    package var description: String { "\(wrappedValue)" }
}
