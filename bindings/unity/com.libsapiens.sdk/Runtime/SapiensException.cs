using System;

namespace Sapiens
{
    /// <summary>A fault the library reports and .NET has no exception for: a damaged model, a missing ONNX Runtime, a device that
    /// cannot be used. Faults of arguments are ArgumentException, of ended objects ObjectDisposedException, of missing files
    /// FileNotFoundException, of cancelled work OperationCanceledException, of unsupported wishes NotSupportedException.</summary>
    public sealed class SapiensException : Exception
    {
        public SapiensException(SapiensStatus status, string message, Exception inner = null) : base(message, inner)
        {
            Status = status;
        }

        /// <summary>What kind of fault it is.</summary>
        public SapiensStatus Status { get; private set; }
    }
}
