using System;
using NUnit.Framework;
using Sapiens.Unity;
using UnityEngine;

namespace Sapiens.EngineTests
{
    /// <summary>In Unity's Test Runner: what only the engine can show. The core is tested without it, in the repository.</summary>
    public sealed class InstallationTests
    {
        [Test]
        public void TheLibraryIsThereAndSeesSomething()
        {
            SapiensLibrary.Check();
            using (var context = new SapiensContext())
            {
                context.LoadDemo();
                using (SapiensStream stream = context.CreateStream())
                {
                    const int size = 64;
                    stream.Submit(new byte[size * size], new SapiensImage
                    {
                        Format = SapiensPixelFormat.Gray8, Width = size, Height = size, RowStride = size,
                    });
                    using (SapiensResult result = stream.Poll(SapiensStream.WaitForever))
                    {
                        Assert.AreEqual(SapiensStatus.Ok, result.Info.Status, result.Message);
                    }
                }
            }
        }

        [Test]
        public void RotationsTurnAsUnitysDo()
        {
            // A quarter turn around the way ahead takes right to down in the library's camera space.
            float s = Mathf.Sqrt(0.5f);
            Quaternion turn = UnitySpace.FromCamera(new SapiensRotation(0, 0, s, s)).ToQuaternion();
            Assert.That((turn * Vector3.right - Vector3.down).magnitude < 1e-5f);
            // A person who faces the camera, upright.
            Quaternion facing = UnitySpace.FromBodyToCamera(new SapiensRotation(1, 0, 0, 0)).ToQuaternion();
            Assert.That((facing * Vector3.forward - Vector3.back).magnitude < 1e-5f);
            Assert.That((facing * Vector3.up - Vector3.up).magnitude < 1e-5f);
        }

        [Test]
        public void AnEndLeavesNothing()
        {
            var context = new SapiensContext();
            SapiensLoop.Add(context);
            SapiensLoop.End();
            Assert.Throws<ObjectDisposedException>(context.ProcessEvents);
            context.Dispose();
        }
    }
}
