using Sapiens.Unity;
using UnityEngine;

namespace Sapiens.Samples
{
    /// <summary>You before another background: the matte cuts you out of the picture it was made from. Put it on an empty object, give
    /// it a background and the shader beside it, and press Play.</summary>
    public sealed class BackgroundReplacement : MonoBehaviour
    {
        [SerializeField] private Shader shader;
        [SerializeField] private Texture background;

        private Material material;
        private GameObject picture;
        private SapiensCamera sapiens;

        private void Start()
        {
            material = new Material(shader != null ? shader : Shader.Find("Sapiens/Samples/BackgroundReplacement"));
            if (background != null)
            {
                material.SetTexture("_Background", background);
            }
            picture = GameObject.CreatePrimitive(PrimitiveType.Quad);
            picture.transform.SetParent(transform, false);
            picture.GetComponent<MeshRenderer>().sharedMaterial = material;

            sapiens = gameObject.AddComponent<SapiensCamera>();
            sapiens.Configure(SapiensSource.WebCam, null, true); // with the picture: it is as old as the matte
            sapiens.ResultReceived += OnResult;
            Show(SapiensMapKind.Image, "_MainTex");
            Show(SapiensMapKind.Alpha, "_Alpha");
        }

        private void Show(SapiensMapKind kind, string property)
        {
            var map = gameObject.AddComponent<SapiensMapTexture>();
            map.TextureCreated += texture => material.SetTexture(property, texture);
            map.Show(sapiens, kind, null, property);
        }

        private void OnResult(SapiensCamera from, SapiensResult result)
        {
            SapiensResultInfo info = result.Info;
            picture.transform.localScale = new Vector3((float)info.ImageWidth / info.ImageHeight, 1, 1);
        }
    }
}
